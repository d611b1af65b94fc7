//! New projects.

use std::{fs, path::Path};

use kubeorch_plugin_pack::{
    World,
    scaffold::{Error, Project, Sdk, create},
};

fn project(name: &str, folder: &Path) -> Project {
    of(World::NodeTypes, name, folder)
}

fn of(world: World, name: &str, folder: &Path) -> Project {
    let (name, folder) = (name.to_owned(), folder.to_owned());
    Project { name, folder, world, sdk: Sdk::Version("0.1.0".to_owned()) }
}

#[test]
fn a_project_bears_its_name_everywhere() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("new");
    for file in create(&project("team-quota", &folder)).unwrap() {
        let text = fs::read_to_string(folder.join(&file)).unwrap();
        assert!(!text.to_lowercase().contains("template"), "{}", file.display());
        assert!(!text.is_empty(), "{}", file.display());
    }
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"team-quota\"\n"), "{manifest}");
    assert!(manifest.contains("kubeorch-plugin-sdk = \"0.1.0\"\n"), "{manifest}");
    let source = fs::read_to_string(folder.join("src/lib.rs")).unwrap();
    assert!(source.starts_with("//! Team quota: a node type"), "{source}");
}

#[test]
fn every_world_has_a_project_that_asks_for_it() {
    for world in World::ALL.iter().copied() {
        let place = tempfile::tempdir().unwrap();
        let read = |file: &Path| fs::read_to_string(place.path().join(file)).unwrap();
        for file in create(&of(world, "team-own", place.path())).unwrap() {
            let text = read(&file).to_lowercase();
            let ours = ["kubeorch-template", "kubeorch template", "kubeorch_template", "../.."];
            assert!(ours.iter().all(|word| !text.contains(word)), "{world}: {}", file.display());
        }
        let manifest = read(Path::new("plugin.toml"));
        assert!(manifest.contains(&format!("[worlds]\n\"{}\" = ", world.package())), "{manifest}");
        let cargo = read(Path::new("Cargo.toml"));
        let feature = format!(
            "kubeorch-plugin-sdk = {{ version = \"0.1.0\", default-features = false, features = [{:?}] }}",
            world.word()
        );
        assert_eq!(cargo.contains(&feature), world != World::NodeTypes, "{cargo}");
    }
}

#[test]
fn nothing_is_written_where_something_is() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("README.md"), "mine").unwrap();
    let refused = create(&project("quota", place.path())).unwrap_err();
    assert!(matches!(&refused, Error::Exists(path) if path.ends_with("README.md")), "{refused}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(place.path().join("README.md")).unwrap(), "mine");
}

#[test]
fn names_are_those_of_packages_and_plugins() {
    let place = tempfile::tempdir().unwrap();
    let long = "a".repeat(65);
    for name in ["", "Quota", "1st", "a_b", "a b", "../a", "a-", "-a", "a--b", "ä", &long] {
        let refused = create(&project(name, place.path()));
        assert!(matches!(refused, Err(Error::Name(_))), "{name:?}");
    }
    for name in ["a", "a1", "team-quota", &long[..64]] {
        assert!(create(&project(name, &place.path().join(name))).is_ok(), "{name:?}");
    }
}

#[test]
fn the_sdk_of_a_checkout_is_found_from_inside() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(Sdk::Path(found)) = Sdk::around(&here.join("templates/not-there-yet")) else {
        panic!("not found")
    };
    assert_eq!(found, here.parent().unwrap());
    assert_eq!(Sdk::around(Path::new("/")), None);
    assert_eq!(Sdk::parse("0.1"), Ok(Sdk::Version("0.1".into())));
    assert_eq!(Sdk::parse(found.to_str().unwrap()), Ok(Sdk::Path(found)));
    assert!(Sdk::parse("nowhere/sdk").is_err());
}
