//! Optimistic locking of saves.

use axum::http::{HeaderValue, header};

use crate::support::{App, GRAPH, request};

#[tokio::test]
async fn a_save_over_somebody_elses_change_is_refused() {
    let app = App::new().await;
    let token = app.account("ana").await;
    let id = app.workflow(&token).await;
    let path = format!("/v1/api/workflows/{id}");
    let read = app.call("GET", &path, &token, "").await;
    let revision = read.json()["revision"].as_u64().unwrap();
    assert_eq!(read.header("etag"), Some(format!("\"{revision}\"").as_str()));
    let save = |tag: Option<u64>, member: Option<u64>| {
        let mut body: serde_json::Value = serde_json::from_str(GRAPH).unwrap();
        if let Some(revision) = member {
            body["revision"] = revision.into();
        }
        let mut request = request("POST", &format!("{path}/save"), &token, &body.to_string());
        if let Some(revision) = tag {
            let value = HeaderValue::from_str(&format!("\"{revision}\"")).unwrap();
            request.headers_mut().insert(header::IF_MATCH, value);
        }
        app.send(request)
    };
    let saved = save(Some(revision), None).await;
    assert_eq!(saved.status, 200, "{}", saved.text);
    let current = saved.json()["workflow"]["revision"].as_u64().unwrap();
    assert_eq!(current, revision + 1);
    assert_eq!(saved.header("etag"), Some(format!("\"{current}\"").as_str()));
    for (tag, member, status) in [
        (Some(revision), None, 409),
        (None, Some(revision), 409),
        (Some(current), Some(revision), 409),
        (None, Some(current), 200),
        (None, None, 200),
    ] {
        let answer = save(tag, member).await;
        assert_eq!(answer.status, status, "{tag:?} {member:?}");
        if status == 409 {
            assert_eq!(answer.json()["revision"], current);
            assert_eq!(answer.json()["code"], "workflow.conflict");
        }
    }
}
