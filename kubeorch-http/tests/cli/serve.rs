//! `serve`: start, stop, and what keeps it from starting.

use crate::harness::{Place, Running, get};

fn serve(place: &Place, more: &[&str]) -> (Running, String) {
    let data = place.path("data");
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()];
    let mut running = place.start(&[&args[..], more].concat());
    let address = running.line().trim().to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{address:?} {}", running.end().stderr);
    (running, address)
}

#[test]
fn the_first_line_is_the_address_and_a_signal_ends_it() {
    let place = Place::new();
    for signal in ["TERM", "INT"] {
        let (running, address) = serve(&place, &["--simulator"]);
        assert!(get(&address, "/health").starts_with("HTTP/1.1 200"), "{signal}");
        running.signal(signal);
        let ended = running.end();
        assert_eq!(ended.code, 0, "{ended:#?}");
        assert!(ended.stderr.contains("stopped"), "{}", ended.stderr);
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}

#[test]
fn a_store_has_one_process_and_must_be_whole() {
    let place = Place::new();
    let data = place.path("data");
    let (first, _) = serve(&place, &[]);
    let again = || place.run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()]);
    let ended = again();
    assert_eq!(ended.code, 7, "{ended:#?}");
    assert!(ended.stderr.contains("is open in another process"), "{}", ended.stderr);
    first.kill();
    std::fs::write(data.join("kubeorch.redb"), vec![7; 4096]).unwrap();
    let ended = again();
    assert_eq!(ended.code, 7, "{ended:#?}");
}

#[test]
fn an_address_in_use_is_one_sentence() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for verb in [&["serve", "--data-dir", "data"][..], &["simulator"]] {
        let ended = place.run(&[verb, &["--listen", &address]].concat());
        assert_eq!(ended.code, 8, "{ended:#?}");
        let sentence = format!("error: {address} is in use by another program\n");
        assert!(ended.stderr.contains(&sentence), "{}", ended.stderr);
    }
}

#[test]
fn the_configuration_is_layered_checked_and_printed_without_secrets() {
    let place = Place::new();
    let config =
        place.file("k.toml", "port = 9\nrate_limit_rps = 5\nencryption_key = 'canary-canary-canary'\n");
    let mut command =
        place.command(&["serve", "--print-config", "--config", config.to_str().unwrap(), "--dev"]);
    command.env("KUBEORCH_RATE_LIMIT_RPS", "7").env("KUBEORCH_LOG_FORMAT", "json");
    let ended = crate::harness::ended(command);
    assert_eq!(ended.code, 0, "{ended:#?}");
    for line in [
        "rate_limit_rps = 7  # KUBEORCH_RATE_LIMIT_RPS",
        "log_format = \"json\"  # KUBEORCH_LOG_FORMAT",
        "dev = true  # --dev",
        "encryption_key = \"********\"",
        "listen = \"127.0.0.1:3000\"  # default",
    ] {
        assert!(ended.stdout.contains(line), "{line} is not in\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains("canary"), "{}", ended.stdout);
    let mut command = place.command(&["serve", "--listen", "nowhere", "--log-level", "a=b=c"]);
    command.env("KUBEORCH_DEV", "perhaps");
    let ended = crate::harness::ended(command);
    assert_eq!(ended.code, 2);
    for part in ["listen must be", "log_level:", "KUBEORCH_DEV must be true or false"] {
        assert!(ended.stderr.contains(part), "{part} is not in\n{}", ended.stderr);
    }
}
