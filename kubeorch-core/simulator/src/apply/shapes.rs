//! The shapes of the built-in kinds: list keys, sets and atomic parts, as the Kubernetes API
//! reference marks them (`x-kubernetes-list-map-keys`, `-list-type`, `-map-type`).

use super::shape::Key;
use super::shape::Shape::{self, Atomic, Fields, Keyed, Set};

const fn key(name: &'static str) -> Key {
    Key { name, default: None }
}

const PROTOCOL: Key = Key { name: "protocol", default: Some("TCP") };

static PLAIN_ITEM: Shape = Fields(&[]);
static ATOMIC: Shape = Atomic;
static SET: Shape = Set;

static META: Shape = Fields(&[("finalizers", &SET), ("ownerReferences", &Keyed(&[key("uid")], &ATOMIC))]);
static CONDITIONS: Shape = Keyed(&[key("type")], &PLAIN_ITEM);
static STATUS: Shape = Fields(&[("conditions", &CONDITIONS)]);

static ENV: Shape = Keyed(
    &[key("name")],
    &Fields(&[(
        "valueFrom",
        &Fields(&[
            ("configMapKeyRef", &ATOMIC),
            ("secretKeyRef", &ATOMIC),
            ("fieldRef", &ATOMIC),
            ("resourceFieldRef", &ATOMIC),
        ]),
    )]),
);
static CONTAINERS: Shape = Keyed(
    &[key("name")],
    &Fields(&[
        ("env", &ENV),
        ("ports", &Keyed(&[key("containerPort"), PROTOCOL], &PLAIN_ITEM)),
        ("volumeMounts", &Keyed(&[key("mountPath")], &PLAIN_ITEM)),
        ("volumeDevices", &Keyed(&[key("devicePath")], &PLAIN_ITEM)),
        ("resources", &Fields(&[("claims", &Keyed(&[key("name")], &PLAIN_ITEM))])),
    ]),
);
static BY_NAME: Shape = Keyed(&[key("name")], &PLAIN_ITEM);
static POD_SPEC: Shape = Fields(&[
    ("containers", &CONTAINERS),
    ("initContainers", &CONTAINERS),
    ("ephemeralContainers", &CONTAINERS),
    ("volumes", &BY_NAME),
    ("imagePullSecrets", &Keyed(&[key("name")], &ATOMIC)),
    ("hostAliases", &Keyed(&[key("ip")], &PLAIN_ITEM)),
    ("nodeSelector", &ATOMIC),
    ("resourceClaims", &BY_NAME),
    ("schedulingGates", &BY_NAME),
    (
        "topologySpreadConstraints",
        &Keyed(&[key("topologyKey"), key("whenUnsatisfiable")], &Fields(&[("labelSelector", &ATOMIC)])),
    ),
]);
static TEMPLATE: Shape = Fields(&[("metadata", &META), ("spec", &POD_SPEC)]);
static WORKLOAD_SPEC: Shape = Fields(&[("selector", &ATOMIC), ("template", &TEMPLATE)]);

/// Nothing special below `spec`.
pub(crate) static PLAIN: Shape = Fields(&[("metadata", &META)]);
/// Plain, with conditions.
pub(crate) static STATUS_ONLY: Shape = Fields(&[("metadata", &META), ("status", &STATUS)]);
/// `Pod`.
pub(crate) static POD: Shape = Fields(&[
    ("metadata", &META),
    ("spec", &POD_SPEC),
    ("status", &Fields(&[("conditions", &CONDITIONS), ("podIPs", &Keyed(&[key("ip")], &PLAIN_ITEM))])),
]);
/// Everything with a selector and a pod template.
pub(crate) static WORKLOAD: Shape =
    Fields(&[("metadata", &META), ("spec", &WORKLOAD_SPEC), ("status", &STATUS)]);
/// `CronJob`.
pub(crate) static CRON_JOB: Shape = Fields(&[
    ("metadata", &META),
    ("spec", &Fields(&[("jobTemplate", &Fields(&[("metadata", &META), ("spec", &WORKLOAD_SPEC)]))])),
]);
/// `Service`.
pub(crate) static SERVICE: Shape = Fields(&[
    ("metadata", &META),
    ("spec", &Fields(&[("ports", &Keyed(&[key("port"), PROTOCOL], &PLAIN_ITEM)), ("selector", &ATOMIC)])),
    ("status", &STATUS),
]);
/// `ServiceAccount`.
pub(crate) static ACCOUNT: Shape = Fields(&[("metadata", &META), ("secrets", &BY_NAME)]);
/// `Node`.
pub(crate) static NODE: Shape = Fields(&[
    ("metadata", &META),
    ("spec", &Fields(&[("podCIDRs", &SET)])),
    ("status", &Fields(&[("conditions", &CONDITIONS), ("addresses", &Keyed(&[key("type")], &PLAIN_ITEM))])),
]);
/// `PersistentVolumeClaim`.
pub(crate) static CLAIM: Shape = Fields(&[
    ("metadata", &META),
    ("spec", &Fields(&[("selector", &ATOMIC), ("dataSource", &ATOMIC)])),
    ("status", &STATUS),
]);
/// `PersistentVolume`.
pub(crate) static VOLUME: Shape = Fields(&[("metadata", &META), ("spec", &Fields(&[("claimRef", &ATOMIC)]))]);
/// `Event`.
pub(crate) static EVENT: Shape = Fields(&[("metadata", &META), ("involvedObject", &ATOMIC)]);
/// `HorizontalPodAutoscaler`.
pub(crate) static AUTOSCALER: Shape = STATUS_SHAPE;
const STATUS_SHAPE: Shape = Fields(&[("metadata", &META), ("status", &STATUS)]);
/// `Ingress`.
pub(crate) static INGRESS: Shape = Fields(&[
    ("metadata", &META),
    ("spec", &Fields(&[("defaultBackend", &Fields(&[("resource", &ATOMIC)]))])),
]);
/// `NetworkPolicy`.
pub(crate) static POLICY: Shape =
    Fields(&[("metadata", &META), ("spec", &Fields(&[("podSelector", &ATOMIC)]))]);
/// `PodDisruptionBudget`.
pub(crate) static BUDGET: Shape =
    Fields(&[("metadata", &META), ("spec", &Fields(&[("selector", &ATOMIC)])), ("status", &STATUS)]);
/// Role bindings.
pub(crate) static BINDING: Shape = Fields(&[("metadata", &META), ("roleRef", &ATOMIC)]);
/// `CustomResourceDefinition`.
pub(crate) static DEFINITION: Shape = STATUS_SHAPE;
