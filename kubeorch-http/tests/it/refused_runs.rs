//! Runs that are refused, and values that must not come back.

use crate::support::App;

/// A widget without an image, and a locket whose value comes with the run.
const BROKEN: &str = r#"{"nodes":[
    {"id":"w","type":"widget","data":{"name":"web","image":""}},
    {"id":"l","type":"locket","data":{"name":"keys","keys":[{"name":"PASSWORD"}]}}],
    "edges":[{"id":"e","source":"l","target":"w"}]}"#;

const VALUES: &str = r#"{"trigger_data":{"secrets":{"l":{"PASSWORD":"c4n4ry-value"}}}}"#;

#[tokio::test]
async fn a_graph_with_errors_answers_all_of_them() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    let path = format!("/v1/api/workflows/{id}");
    assert_eq!(app.call("POST", &format!("{path}/save"), &token, BROKEN).await.status, 200);
    let answer = app.call("POST", &format!("{path}/run"), &token, VALUES).await;
    let json = answer.json();
    assert_eq!((answer.status.as_u16(), json["code"].as_str()), (400, Some("graph.invalid")), "{json}");
    assert_eq!(json["findings"][0]["node"], "w");
    assert_eq!(json["findings"][0]["field"], "image");
    assert_eq!(json["details"], "w image: an image is required");
    let checked = app.call("POST", &format!("{path}/validate"), &token, "").await.json();
    assert_eq!(checked["valid"], false);
    assert_eq!(checked["findings"][0]["code"], json["findings"][0]["code"]);
}

#[tokio::test]
async fn values_of_a_run_come_back_nowhere() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    let path = format!("/v1/api/workflows/{id}");
    let graph = r#"{"nodes":[{"id":"l","type":"locket","data":{"name":"keys","keys":[{"name":"PASSWORD"}]}}],"edges":[]}"#;
    app.call("POST", &format!("{path}/save"), &token, graph).await;
    let planned = app.call("POST", &format!("{path}/plan"), &token, VALUES).await;
    let ran = app.call("POST", &format!("{path}/run"), &token, VALUES).await;
    assert_eq!(ran.json()["status"], "completed", "{}", ran.text);
    let again = app.call("POST", &format!("{path}/plan"), &token, &VALUES.replace("c4n4ry", "c4n4ry2")).await;
    let mut seen = vec![planned.text, ran.text, again.text];
    for tail in ["", "/runs", "/versions"] {
        seen.push(app.call("GET", &format!("{path}{tail}"), &token, "").await.text);
    }
    for text in seen {
        assert!(!text.contains("c4n4ry"), "{text}");
        // Base64 of `c4n4ry`, as a Secret's data would hold it.
        assert!(!text.contains("YzRuNHJ5"), "{text}");
    }
    let stored = app.cluster.objects().iter().any(|object| object.kind().kind == "Secret");
    assert!(stored, "the value did reach the cluster");
}

#[tokio::test]
async fn a_run_belongs_to_the_workflow_in_the_path() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let (one, two) = (app.workflow(&token).await, app.workflow(&token).await);
    let ran = app.call("POST", &format!("/v1/api/workflows/{one}/run"), &token, "").await.json();
    let run = ran["run_id"].as_str().unwrap();
    for (workflow, status) in [(&one, 200), (&two, 404)] {
        for (method, tail) in [("GET", ""), ("POST", "/cancel")] {
            let path = format!("/v1/api/workflows/{workflow}/runs/{run}{tail}");
            assert_eq!(app.call(method, &path, &token, "").await.status, status, "{method} {path}");
        }
    }
}
