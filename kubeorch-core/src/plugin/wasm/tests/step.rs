//! Steps of flows.

use serde_json::json;

use super::brief;
use super::world::Part;
use crate::plugin::step::{Request, Response};
use crate::plugin::{Error, FaultKind, Steps, World};

fn ask() -> Request {
    Request { step: "part-step".into(), ..Request::default() }
}

async fn answer(answer: &str) -> Result<Response, Error> {
    let part = Part { answer: answer.into(), ..Part::of(World::Step) };
    part.registry().await.run(&ask()).await
}

#[tokio::test]
async fn a_step_is_found_and_run() {
    let registry = Part::of(World::Step).registry().await;
    assert_eq!(Steps::list(&registry).len(), 1);
    assert_eq!(Steps::find(&registry, "part-step").unwrap().plugin, "part");
    let unknown = registry.run(&Request { step: "none".into(), ..Request::default() }).await;
    assert_eq!(unknown, Err(Error::UnknownStep("none".into())));

    let done = answer(r#"{"outputs": {"out": 7}, "exit": "other"}"#).await.unwrap();
    let outputs = json!({"out": 7}).as_object().unwrap().clone();
    assert_eq!(done, Response::Done { outputs, exit: Some("other".into()) });
    let failed = answer(r#"{"error": {"code": "a.b", "message": "no"}}"#).await.unwrap();
    assert!(matches!(failed, Response::Failed { error } if error.code == "a.b"));
    let effects =
        answer(r#"{"effects": [{"id": "1", "kind": "http", "request": {}}], "state": 3}"#).await.unwrap();
    assert!(matches!(effects, Response::Effects { effects, state } if effects.len() == 1 && state == 3));
}

#[tokio::test]
async fn answers_that_break_the_contract() {
    for (text, expected) in [
        ("{}", "a response has exactly one of outputs, effects and error"),
        (r#"{"outputs": {}, "error": {"code": "a", "message": "b"}}"#, "a response has exactly one"),
        (r#"{"outputs": {"in": 1}}"#, "it has no output in"),
        (r#"{"outputs": {"out": "1"}}"#, "its output out is not of the port's type"),
        (r#"{"outputs": {}, "exit": "none"}"#, "it has no exit none"),
        (r#"{"effects": []}"#, "it goes on without an effect to wait for"),
        (
            r#"{"effects": [{"id": "1", "kind": "kubernetes"}]}"#,
            "it asks for effect:kubernetes, which it does not",
        ),
        (
            r#"{"effects": [{"id": "1", "kind": "http"}, {"id": "1", "kind": "http"}]}"#,
            "effect id 1 is empty, too",
        ),
        (r#"{"effects": [{"id": "1", "kind": "files"}]}"#, "its answer breaks the contract: unknown variant"),
    ] {
        let error = answer(text).await.unwrap_err();
        let (kind, reason) = brief(&error);
        assert_eq!(kind, FaultKind::Contract);
        assert!(reason.contains(expected), "{text}: {reason}");
    }
}

#[tokio::test]
async fn a_step_of_another_plugin_is_refused_with_its_owner() {
    let registry = Part::of(World::Step).registry().await;
    let mut other = Part::of(World::Step);
    other.catalog["plugin"]["id"] = "other".into();
    let refused = registry.put(other.load().await.unwrap()).map(drop).unwrap_err();
    let reason = "step part-step is brought by part already".to_owned();
    assert_eq!(refused, Error::Invalid { plugin: "other".into(), reason });
    registry.remove("part").unwrap();
    registry.put(other.load().await.unwrap()).unwrap();
    assert_eq!(Steps::find(&registry, "part-step").unwrap().plugin, "other");
}
