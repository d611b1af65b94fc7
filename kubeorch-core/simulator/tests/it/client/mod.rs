//! The simulator as kube-rs sees it: typed and dynamic clients, discovery, watcher, apply.

mod runtime;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, LogParams, Patch, PatchParams, PostParams};
use kube::discovery::{Discovery, Scope};
use kube::runtime::wait::await_condition;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use kubeorch_simulator::{Action, Fault, Simulator, Verb};
use serde_json::{Value, json};

fn client() -> (Simulator, Client) {
    let simulator = Simulator::builder().seed(1).build();
    let client = Client::new(simulator.service(), "default");
    (simulator, client)
}

fn deployment(image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "web" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": image }] },
            },
        },
    })
}

fn rolled_out(object: Option<&Deployment>) -> bool {
    object.is_some_and(|one| {
        let status = one.status.clone().unwrap_or_default();
        status.observed_generation == one.metadata.generation
            && status.updated_replicas == Some(2)
            && status.available_replicas == Some(2)
            && status.replicas == Some(2)
    })
}

#[tokio::test]
async fn discovery_finds_the_kinds() {
    let (_simulator, client) = client();
    assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.33.5");
    for aggregated in [false, true] {
        let discovery = Discovery::new(client.clone());
        let discovery = if aggregated {
            discovery.run_aggregated().await.unwrap()
        } else {
            discovery.run().await.unwrap()
        };
        for (group, kind, scope) in [
            ("", "Pod", Scope::Namespaced),
            ("", "Namespace", Scope::Cluster),
            ("apps", "Deployment", Scope::Namespaced),
            ("networking.k8s.io", "Ingress", Scope::Namespaced),
        ] {
            let found = discovery
                .get(group)
                .and_then(|group| group.recommended_kind(kind))
                .unwrap_or_else(|| panic!("no {group}/{kind}, aggregated {aggregated}"));
            assert_eq!(found.1.scope, scope);
        }
    }
}

#[tokio::test]
async fn a_deployment_is_applied_rolled_out_and_deleted() {
    let (_simulator, client) = client();
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let apply = PatchParams::apply("tests");
    let made = deployments.patch("web", &apply, &Patch::Apply(deployment("web:1"))).await.unwrap();
    assert_eq!(made.managed_fields()[0].manager.as_deref(), Some("tests"));
    await_condition(deployments.clone(), "web", rolled_out).await.unwrap();

    let dry = PatchParams { dry_run: true, ..apply.clone() };
    let version = deployments.get("web").await.unwrap().resource_version();
    let tried = deployments.patch("web", &dry, &Patch::Apply(deployment("web:2"))).await.unwrap();
    assert_eq!(tried.spec.unwrap().template.spec.unwrap().containers[0].image.as_deref(), Some("web:2"));
    let live = deployments.get("web").await.unwrap();
    assert_eq!(live.resource_version(), version);

    let error = deployments
        .patch("web", &PatchParams::apply("others"), &Patch::Apply(deployment("web:3")))
        .await
        .unwrap_err();
    let kube::Error::Api(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    let causes = status.details.unwrap().causes;
    assert_eq!(causes.len(), 1);
    assert_eq!(causes[0].reason, "FieldManagerConflict");
    assert_eq!(causes[0].field, ".spec.template.spec.containers[name=\"web\"].image");

    let pods: Api<Pod> = Api::default_namespaced(client);
    let all = pods.list(&ListParams::default().labels("app=web")).await.unwrap();
    assert_eq!(all.items.len(), 2);
    let log = pods.logs(&all.items[0].name_any(), &LogParams::default()).await.unwrap();
    assert!(log.contains("starting web:1"), "{log}");
    deployments.delete("web", &DeleteParams::foreground()).await.unwrap();
    await_condition(deployments, "web", |one: Option<&Deployment>| one.is_none()).await.unwrap();
    assert!(pods.list(&ListParams::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_watcher_follows_through_faults() {
    let (simulator, client) = client();
    simulator.set_faults([
        Fault::new(Action::DropWatch(1)).resource("configmaps").times(2),
        Fault::new(Action::TooManyRequests(0)).verb(Verb::Create).times(1),
    ]);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mut seen = watcher(maps.clone(), watcher::Config::default().labels("test=yes"))
        .default_backoff()
        .applied_objects()
        .boxed();
    for at in 0..5 {
        let map: ConfigMap = serde_json::from_value(json!({
            "metadata": { "name": format!("map-{at}"), "labels": { "test": "yes" } },
        }))
        .unwrap();
        let made = maps.create(&PostParams::default(), &map).await;
        if at == 0 && made.is_err() {
            maps.create(&PostParams::default(), &map).await.unwrap();
        }
    }
    let mut names = std::collections::BTreeSet::new();
    while names.len() < 5 {
        // Errors of dropped watches are reported and retried.
        if let Ok(Some(map)) = seen.try_next().await {
            names.insert(map.name_any());
        }
    }
    assert_eq!(names.last().map(String::as_str), Some("map-4"));
}

#[tokio::test]
async fn pages_are_read_with_continue_tokens() {
    let (_simulator, client) = client();
    let spaces: Api<Namespace> = Api::all(client);
    let mut params = ListParams::default().limit(3);
    let mut names = Vec::new();
    loop {
        let page = spaces.list(&params).await.unwrap();
        names.extend(page.items.iter().map(ResourceExt::name_any));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => break,
        }
    }
    assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
}

#[tokio::test]
async fn custom_resources_are_served_once_defined() {
    let (_simulator, client) = client();
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "toys.example.org" },
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": { "plural": "toys", "kind": "Toy" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": {} }],
        },
    });
    let kind = kube::discovery::ApiResource::from_gvk_with_plural(
        &kube::core::GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
        "customresourcedefinitions",
    );
    let definitions: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
    definitions
        .patch("toys.example.org", &PatchParams::apply("tests"), &Patch::Apply(definition))
        .await
        .unwrap();
    let established = |one: Option<&DynamicObject>| {
        one.is_some_and(|one| one.data.pointer("/status/conditions/1/type") == Some(&json!("Established")))
    };
    await_condition(definitions, "toys.example.org", established).await.unwrap();
    let kind = kube::discovery::ApiResource::from_gvk_with_plural(
        &kube::core::GroupVersionKind::gvk("example.org", "v1", "Toy"),
        "toys",
    );
    let toys: Api<DynamicObject> = Api::default_namespaced_with(client, &kind);
    let toy = json!({
        "apiVersion": "example.org/v1", "kind": "Toy", "metadata": { "name": "bear" }, "spec": { "soft": true },
    });
    toys.patch("bear", &PatchParams::apply("tests"), &Patch::Apply(toy)).await.unwrap();
    assert_eq!(toys.get("bear").await.unwrap().data["spec"]["soft"], json!(true));
}
