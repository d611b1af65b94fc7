//! `simulator`: a cluster on a port.

use crate::harness::{Place, get};

#[test]
fn it_answers_like_an_api_server_and_ends_with_a_signal() {
    let place = Place::new();
    let path = place.path("k");
    let args = ["simulator", "--listen", "127.0.0.1:0", "--write-kubeconfig", path.to_str().unwrap()];
    for _ in 0..2 {
        let mut running = place.start(&args);
        let address = running.line().trim().to_owned();
        assert!(get(&address, "/version").contains("gitVersion"));
        assert!(std::fs::read_to_string(&path).unwrap().contains(&format!("server: http://{address}")));
        running.signal("TERM");
        assert_eq!(running.end().code, 0);
    }
}

#[test]
fn somebody_elses_kubeconfig_is_left_alone() {
    let place = Place::new();
    let path = place.file("config", "apiVersion: v1\nkind: Config\n");
    let args = ["simulator", "--listen", "127.0.0.1:0", "--write-kubeconfig", path.to_str().unwrap()];
    let ended = place.run(&args);
    assert_eq!(ended.code, 2, "{ended:#?}");
    assert!(ended.stderr.contains("was not written by"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "apiVersion: v1\nkind: Config\n");
}
