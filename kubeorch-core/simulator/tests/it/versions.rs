//! `resourceVersion`, `resourceVersionMatch`, `sendInitialEvents` and unknown fields: what is refused and how.

use serde_json::{Value, json};

use crate::support::{Cluster, DEPLOYMENTS, MAPS, deployment};

#[tokio::test]
async fn lists_answer_for_the_versions_they_can() {
    let cluster = Cluster::new();
    let present: u64 =
        cluster.get(MAPS).await["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
    let later = present + 100;
    for (query, code) in [
        (String::new(), 200),
        ("resourceVersion=0".to_owned(), 200),
        (format!("resourceVersion={present}&resourceVersionMatch=Exact"), 200),
        (format!("resourceVersion={present}&resourceVersionMatch=NotOlderThan"), 200),
        ("resourceVersion=1&resourceVersionMatch=NotOlderThan".to_owned(), 200),
        ("resourceVersion=1&resourceVersionMatch=Exact".to_owned(), 410),
        ("resourceVersion=0&resourceVersionMatch=Exact".to_owned(), 422),
        (format!("resourceVersion={later}"), 504),
        (format!("resourceVersion={later}&resourceVersionMatch=Exact"), 504),
        ("resourceVersionMatch=Exact".to_owned(), 422),
        ("resourceVersion=1&resourceVersionMatch=Nearly".to_owned(), 422),
        ("watch=1&sendInitialEvents=true".to_owned(), 422),
        ("watch=1&resourceVersionMatch=NotOlderThan".to_owned(), 422),
    ] {
        let (status, answer) = cluster.call("GET", &format!("{MAPS}?{query}"), "", &Value::Null).await;
        assert_eq!(status.as_u16(), code, "{query}: {answer}");
    }
}

#[tokio::test]
async fn fields_a_kind_lacks_are_refused_by_apply_and_by_the_strict() {
    let cluster = Cluster::new();
    let mut bad = deployment("web:1", 1);
    bad["spec"]["replica"] = json!(2);
    let (status, answer) = cluster.apply(&format!("{DEPLOYMENTS}/web"), "tests", &bad).await;
    assert_eq!(status, 500);
    assert_eq!(
        answer["message"],
        "failed to create typed patch object (default/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema"
    );
    let (status, answer) = cluster.create(&format!("{DEPLOYMENTS}?fieldValidation=Strict"), &bad).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer["message"],
        "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replica\""
    );
    assert_eq!(cluster.create(DEPLOYMENTS, &bad).await.0, 201);
}
