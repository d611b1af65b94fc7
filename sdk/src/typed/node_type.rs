//! Node types whose data is a Rust type.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{decode, schema};
use crate::{
    Descriptor, Facts, Findings, Node, NodeType, RenderRequest, Rendered, Status, StatusRequest, reader::code,
};

/// A node type whose data is a Rust type. Every one is a [`NodeType`], so it stands in
/// [`registry!`](crate::registry) like the others.
pub trait TypedNodeType: Sync {
    /// What a user fills in. `name` and `namespace` need not be members: the request's node has them.
    type Parameters: DeserializeOwned + JsonSchema;

    /// What `node.type` holds: lower case, one word or hyphens.
    fn name(&self) -> &'static str;

    /// Everything static about the type but its parameters, which come from their type.
    fn descriptor(&self) -> Descriptor;

    /// What neighbours may know about the node; depends on the node alone.
    fn facts(&self, node: &Node) -> Facts;

    /// The objects of the node. Not called for data that does not fit the type.
    fn render(&self, parameters: Self::Parameters, request: &RenderRequest, findings: &Findings) -> Rendered;

    /// How the node fares, told from its live objects.
    fn status(&self, request: &StatusRequest) -> Status;
}

impl<T: TypedNodeType> NodeType for T {
    fn name(&self) -> &'static str {
        TypedNodeType::name(self)
    }

    fn descriptor(&self) -> Descriptor {
        Descriptor { parameters: schema::<T::Parameters>(), ..TypedNodeType::descriptor(self) }
    }

    fn facts(&self, node: &Node) -> Facts {
        TypedNodeType::facts(self, node)
    }

    fn render(&self, request: &RenderRequest, findings: &Findings) -> Rendered {
        match decode::<T::Parameters>(&request.node.data) {
            Ok(parameters) => TypedNodeType::render(self, parameters, request, findings),
            Err(mistakes) => {
                for mistake in mistakes {
                    let what = if mistake.missing { "missing" } else { "type" };
                    // The code names the member, whichever item of a list it is in.
                    let key = mistake.field.split('.').rfind(|part| part.parse::<u32>().is_err());
                    let code = code(key.unwrap_or_default(), what);
                    findings.error(&code, mistake.field.clone(), mistake.message, "");
                }
                Rendered::default()
            }
        }
    }

    fn status(&self, request: &StatusRequest) -> Status {
        TypedNodeType::status(self, request)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::{
        Collection, PluginInfo, kubernetes, registry,
        testing::{Call, ask},
    };

    struct Quota;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Parameters {
        /// How many pods there may be.
        #[schemars(title = "Most pods", range(min = 1))]
        most_pods: u16,
    }

    impl TypedNodeType for Quota {
        type Parameters = Parameters;

        fn name(&self) -> &'static str {
            "quota"
        }

        fn descriptor(&self) -> Descriptor {
            Descriptor::new("quota", "Quota").kind("v1", "ResourceQuota", true)
        }

        fn facts(&self, node: &Node) -> Facts {
            Facts::of(node, "v1", "ResourceQuota")
        }

        fn render(&self, parameters: Parameters, request: &RenderRequest, _: &Findings) -> Rendered {
            let node = &request.node;
            let hard = kubernetes::Tree::new().set("pods", parameters.most_pods.to_string());
            let quota = kubernetes::object("v1", "ResourceQuota", node.name(), Some(node.namespace()));
            Rendered::default().object(quota.set("spec", kubernetes::Tree::new().set("hard", hard)))
        }

        fn status(&self, request: &StatusRequest) -> Status {
            Status::created(request.live("ResourceQuota"))
        }
    }

    struct Mine;

    impl Collection for Mine {
        const PLUGIN: PluginInfo = PluginInfo { id: "mine", name: "Mine", version: "0.1.0", description: "" };
        const NODE_TYPES: &'static [&'static dyn NodeType] = registry![Quota];
    }

    #[test]
    fn a_struct_is_the_form_the_check_and_the_reading() {
        let catalog = ask::<Mine>(Call::ListTypes, &json!(null)).unwrap();
        let parameter = &catalog["nodeTypes"][0]["parameters"]["properties"]["mostPods"];
        assert_eq!(parameter["title"], "Most pods");
        assert_eq!(parameter["description"], "How many pods there may be.");

        let render = |data| {
            let node = json!({ "id": "n", "type": "quota", "data": data });
            ask::<Mine>(Call::Render, &json!({ "node": node })).unwrap()
        };
        let good = render(json!({ "mostPods": 3 }));
        assert_eq!(good["objects"][0]["object"]["spec"]["hard"]["pods"], "3");
        for (data, code) in
            [(json!({}), "quota.most_pods_missing"), (json!({ "mostPods": "x" }), "quota.most_pods_type")]
        {
            let bad = render(data);
            assert_eq!((&bad["objects"], &bad["findings"][0]["code"]), (&json!([]), &json!(code)));
            assert_eq!(bad["findings"][0]["field"], "mostPods");
        }
    }
}
