//! Engines for the commands: which store, which plugins, which built-in cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use kubeorch_core::Engine;
use kubeorch_core::engine::Builder;
use kubeorch_core::plugin::{
    CacheOptions, ChildCompiler, Compilations, Compiler, Fetch, FetchOptions, Host, Limits, NodeTypes,
    Registry, WasmSandbox,
};
use kubeorch_core::plugins::Policy;
use kubeorch_core::secret::Secret;
use kubeorch_core::store::{Redb, redb};
use kubeorch_core::time::SystemClock;

use super::config::{EncryptionKey, encryption_key};
use super::deploy::Target;
use super::exit;
use super::failure::Failure;

/// The store's file in the data directory.
pub(crate) const STORE: &str = "kubeorch.redb";

/// Compiled plugins in the data directory.
const CODE: &str = "plugins/cache";

/// The sandbox. With a data directory, code is kept there, and compiled in a child process: such a host lasts, and
/// may be given plugins of strangers.
pub(crate) fn plugin_host(dir: Option<&Path>) -> Result<Host, Failure> {
    let limits = Limits::default();
    let host = match dir {
        Some(dir) => {
            let compiler = ChildCompiler::this_program().map(Compiler::Child).map_err(|error| {
                Failure::new(exit::FAILURE, format!("this program cannot start itself again: {error}"))
            })?;
            Host::with_compiler(limits, compiler, Some(CacheOptions::new(dir.join(CODE))))
        }
        None => Host::new(limits),
    };
    Ok(host.map_err(kubeorch_core::Error::from)?)
}

/// The plugins that come with the program, and those in these files, loaded.
pub(crate) async fn node_types(host: Host, files: &[PathBuf]) -> Result<Arc<Registry>, Failure> {
    let begin = Instant::now();
    let plugins = kubeorch_plugins::node_types();
    let mut builder = plugins.fold(Registry::builder().host(host.clone()), |builder, plugin| {
        builder.plugin(plugin.name, plugin.component)
    });
    for file in files {
        builder = builder.plugin(file.display().to_string(), super::plugin::component(file)?);
    }
    let registry = builder.try_build().await.map_err(kubeorch_core::Error::from)?;
    let Compilations { compiled, cached, damaged, .. } = host.compilations();
    tracing::info!(compiled, cached, damaged, took = ?begin.elapsed(), "plugins are loaded");
    Ok(Arc::new(registry))
}

/// No node types, for what needs an engine but no workflow.
pub(crate) async fn no_node_types() -> Result<Arc<dyn NodeTypes>, Failure> {
    Ok(Arc::new(Registry::builder().try_build().await.map_err(kubeorch_core::Error::from)?))
}

/// An engine that leaves nothing behind, with one cluster.
pub(crate) async fn in_memory(types: Arc<dyn NodeTypes>, target: &Target) -> Result<Engine, Failure> {
    let builder = Engine::builder().drift(None).plugins(types).cluster(&target.name, target.cluster.clone());
    Ok(builder.build().await?)
}

/// An engine over the store in a directory, with one cluster.
pub(crate) async fn on_disk(
    dir: &Path,
    types: Arc<dyn NodeTypes>,
    target: &Target,
) -> Result<Engine, Failure> {
    let key = key(EncryptionKey::File, dir)?;
    let store = open_store(dir, redb::Options::default())?;
    let builder = Engine::builder().drift(None).store(store).encryption_key(key).plugins(types);
    Ok(builder.cluster(&target.name, target.cluster.clone()).build().await?)
}

/// An engine over a store that nobody else has open, to change which plugins are installed in it.
pub(crate) async fn for_plugins(
    dir: &Path,
    key: Secret,
    store: Arc<Redb>,
    policy: Policy,
) -> Result<Engine, Failure> {
    let host = plugin_host(Some(dir))?;
    let registry = node_types(host.clone(), &[]).await?;
    let builder = Engine::builder().drift(None).store(store).encryption_key(key);
    Ok(with_plugins(builder, host, registry, policy)?.build().await?)
}

/// Lets plugins be installed beside those that are loaded.
pub(crate) fn with_plugins(
    builder: Builder,
    host: Host,
    registry: Arc<Registry>,
    policy: Policy,
) -> Result<Builder, Failure> {
    let fetch = Fetch::new(FetchOptions::default(), Arc::new(SystemClock));
    let fetch = fetch.map_err(kubeorch_core::Error::from)?;
    let builder = builder.plugins(registry.clone()).plugin_policy(policy).download(Arc::new(fetch));
    Ok(builder.sandbox(Arc::new(WasmSandbox::new(host, registry))))
}

/// The encryption key that a server with this environment takes.
pub(crate) fn key_of_server(dir: &Path) -> Result<Secret, Failure> {
    let given = std::env::var("KUBEORCH_ENCRYPTION_KEY").ok().filter(|key| !key.is_empty());
    key(given.map_or(EncryptionKey::File, |key| EncryptionKey::Given(Secret::new(key))), dir)
}

/// The encryption key of a data directory, before its store is opened.
pub(crate) fn key(key: EncryptionKey, dir: &Path) -> Result<Secret, Failure> {
    private_dir(dir)?;
    encryption_key(key, dir)
}

/// Opens the store of a data directory; makes both when they are not there. Blocks on the disk, at start only.
pub(crate) fn open_store(dir: &Path, options: redb::Options) -> Result<Arc<Redb>, Failure> {
    private_dir(dir)?;
    let store =
        Redb::open(dir.join(STORE), options, Arc::new(SystemClock)).map_err(kubeorch_core::Error::from)?;
    Ok(Arc::new(store))
}

/// The directory holds credentials and a key: one that is made here opens for its owner only.
pub(crate) fn private_dir(dir: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| {
        Failure::new(exit::STORE, format!("the data directory {} cannot be used: {error}", dir.display()))
    })
}
