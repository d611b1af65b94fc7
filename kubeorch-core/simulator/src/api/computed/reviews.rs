//! `authentication.k8s.io` and `authorization.k8s.io`: who one is and what one may do.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, Status};
use crate::access::{Attempt, User, grants};
use crate::api::Verb;
use crate::core::Core;
use crate::value::{list, put, text};

/// Answers a review with its own object, status filled in.
pub(super) fn review(core: &Core, call: &Call, user: &User) -> Result<Answer, Status> {
    if call.verb != Verb::Create {
        return Err(Status::method_not_allowed());
    }
    let mut review = call.json()?;
    if !review.is_object() {
        return Err(Status::bad_request("the review must be an object"));
    }
    let status = match call.resource.kind.as_str() {
        "SelfSubjectReview" => json!({ "userInfo": { "username": user.name, "groups": user.groups } }),
        "SelfSubjectRulesReview" => rules(core, user, text(&review, "/spec/namespace")),
        "SelfSubjectAccessReview" => access(core, user, &review),
        _ => {
            let mut other = User::new(text(&review, "/spec/user"));
            for group in list(&review, "/spec/groups").iter().filter_map(Value::as_str) {
                other = other.group(group);
            }
            access(core, &other, &review)
        }
    };
    put(&mut review, &["apiVersion"], call.resource.api_version());
    put(&mut review, &["kind"], call.resource.kind.clone());
    put(&mut review, &["metadata", "creationTimestamp"], Value::Null);
    put(&mut review, &["status"], status);
    Ok(Answer::Json(StatusCode::CREATED, review))
}

fn access(core: &Core, user: &User, review: &Value) -> Value {
    let at = |field: &str| text(review, &format!("/spec/resourceAttributes/{field}"));
    let attempt = if review.pointer("/spec/nonResourceAttributes").is_some() {
        Attempt {
            verb: text(review, "/spec/nonResourceAttributes/verb"),
            path: text(review, "/spec/nonResourceAttributes/path"),
            ..Attempt::default()
        }
    } else {
        Attempt {
            verb: at("verb"),
            group: at("group"),
            resource: at("resource"),
            subresource: at("subresource"),
            name: at("name"),
            namespace: at("namespace"),
            path: "",
        }
    };
    match attempt.allowed(core, user) {
        Some(why) if why.is_empty() => json!({ "allowed": true }),
        Some(why) => json!({ "allowed": true, "reason": why }),
        None => json!({ "allowed": false }),
    }
}

fn rules(core: &Core, user: &User, namespace: &str) -> Value {
    let (mut resources, mut urls) = (Vec::new(), Vec::new());
    for grant in grants(core, user, namespace) {
        if list(&grant.rule, "/nonResourceURLs").is_empty() {
            resources.push(grant.rule);
        } else {
            urls.push(grant.rule);
        }
    }
    json!({ "resourceRules": resources, "nonResourceRules": urls, "incomplete": false })
}
