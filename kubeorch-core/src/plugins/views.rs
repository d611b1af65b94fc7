//! Plugins as an admin sees them.

use super::model::{Installed, Origin, State, View};
use super::service::Inner;
use super::{Error, ready};
use crate::plugin::{About, Usage};
use crate::store::Query;

impl Inner {
    /// All plugins: built in, installed, from the directory; by id.
    pub(super) fn views(&self) -> Result<Vec<View>, Error> {
        let installed = self.host.db.read(|reader| reader.list(&Query::<Installed>::all()))?;
        let (plugins, usage) = match &self.sandbox {
            Some(sandbox) => (sandbox.plugins(), sandbox.usage()),
            None => (Vec::new(), Vec::new()),
        };
        let built_in = plugins.iter().filter(|about| self.built_in.contains(&about.info.id));
        let mut views: Vec<View> = built_in.map(|about| built(about, Origin::BuiltIn)).collect();
        views.extend(installed.into_iter().map(|plugin| self.installed_view(plugin)));
        for dev in self.directory.lock().iter() {
            let about = plugins.iter().find(|about| about.info.id == dev.id && dev.error.is_none());
            let mut view = about.map_or_else(|| nameless(&dev.id), |about| built(about, Origin::Directory));
            if let Some(release) = &mut view.release {
                release.source = format!("file:{}", dev.path.display());
            }
            if let Some(error) = &dev.error {
                view.state = State::Failed(error.clone());
            }
            views.push(view);
        }
        for view in views.iter_mut().filter(|view| view.state == State::Serving) {
            view.usage = usage.iter().find(|usage| usage.id == view.id).cloned();
        }
        views.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(views)
    }

    /// An installed plugin as it is now.
    pub(super) fn view(&self, plugin: Installed) -> View {
        let mut view = self.installed_view(plugin);
        if view.state == State::Serving {
            let usage = self.sandbox.iter().flat_map(|sandbox| sandbox.usage());
            view.usage = usage.into_iter().find(|usage: &Usage| usage.id == view.id);
        }
        view
    }

    fn installed_view(&self, plugin: Installed) -> View {
        let trouble = self.troubles.lock().get(&plugin.id).cloned();
        let state = match trouble {
            _ if !plugin.enabled => State::Disabled,
            Some(reason) => State::Failed(reason),
            None => State::Serving,
        };
        View {
            id: plugin.id,
            origin: Origin::Installed,
            state,
            release: Some(plugin.current),
            previous: plugin.previous,
            installed_at: Some(plugin.installed_at),
            updated_at: Some(plugin.updated_at),
            failure: plugin.failure,
            usage: None,
        }
    }
}

/// What nobody installed: only the component itself tells of it.
fn built(about: &About, origin: Origin) -> View {
    View { release: Some(ready::described(about)), origin, ..nameless(&about.info.id) }
}

fn nameless(id: &str) -> View {
    View {
        id: id.to_owned(),
        origin: Origin::Directory,
        state: State::Serving,
        release: None,
        previous: Vec::new(),
        installed_at: None,
        updated_at: None,
        failure: None,
        usage: None,
    }
}
