//! Defaults of claims, volumes and storage classes.

use serde_json::Value;

use crate::value::put_default;

pub(super) fn claim(new: &mut Value) {
    put_default(new, &["spec", "volumeMode"], "Filesystem");
    put_default(new, &["status", "phase"], "Pending");
}

pub(super) fn volume(new: &mut Value) {
    put_default(new, &["spec", "volumeMode"], "Filesystem");
    put_default(new, &["spec", "persistentVolumeReclaimPolicy"], "Retain");
    put_default(new, &["status", "phase"], "Pending");
}

pub(super) fn class(new: &mut Value) {
    put_default(new, &["reclaimPolicy"], "Delete");
    put_default(new, &["volumeBindingMode"], "Immediate");
}
