//! Sign-in, and the texts that clients show.

use crate::support::App;

#[tokio::test]
async fn refusals_carry_the_texts_of_the_contract() {
    let app = App::new().await;
    let admin = app.account("ana").await;
    let cases = [
        ("POST", "/v1/api/auth/register", "", "{", 400, "Invalid request data"),
        ("POST", "/v1/api/auth/register", "", r#"{"email":"x"}"#, 400, "Invalid request data"),
        (
            "POST",
            "/v1/api/auth/register",
            "",
            r#"{"email":"b@c.d","password":"12345","name":"b"}"#,
            400,
            "Invalid request data",
        ),
        (
            "POST",
            "/v1/api/auth/register",
            "",
            r#"{"email":"ANA@acme.test","password":"123456","name":"b"}"#,
            409,
            "User already exists",
        ),
        (
            "POST",
            "/v1/api/auth/register",
            "",
            r#"{"email":"b@c.d","password":"123456","name":"b"}"#,
            403,
            "Valid invite code required",
        ),
        (
            "POST",
            "/v1/api/auth/login",
            "",
            r#"{"email":"ana@acme.test","password":"wrong-one"}"#,
            401,
            "Invalid email or password",
        ),
        (
            "POST",
            "/v1/api/auth/login",
            "",
            r#"{"email":"no@acme.test","password":"wrong-one"}"#,
            401,
            "Invalid email or password",
        ),
        ("POST", "/v1/api/auth/refresh", "", "{}", 401, "Authorization header is required"),
        ("POST", "/v1/api/auth/refresh", "forged", "{}", 401, "Invalid token"),
        ("GET", "/v1/api/profile", "", "", 401, "Authorization token is required (header or query param)"),
        ("GET", "/v1/api/profile", "forged", "", 401, "Invalid or expired token"),
        ("PUT", "/v1/api/profile", &admin, r#"{"name":" "}"#, 400, "Name is required"),
        ("PUT", "/v1/api/profile", &admin, "{}", 400, "Name is required"),
    ];
    for (method, path, token, body, status, text) in cases {
        let answer = app.call(method, path, token, body).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), json["error"].as_str().unwrap()),
            (status, text),
            "{method} {path} {body}"
        );
        let sign_in = path.contains("/auth/") || status == 401;
        assert_eq!(json.get("message").is_some(), sign_in, "{method} {path}");
        assert_eq!(json["requestId"].as_str(), answer.header("x-request-id"));
        assert!(!answer.text.contains("wrong-one"));
    }
}
