//! The fields of the kinds that are read, as the public `.proto` files of `k8s.io/api` number them.
//!
//! A table need not be whole: a field it lacks is refused as soon as it says something.

use super::Kind::{
    BytesMap, Flag, Ignored, Inline, IntOrText, Messages, Nested, Number, Quantity, QuantityMap, Text,
    TextList, TextMap,
};
use super::Table;

const OWNER: Table = &[
    (1, "kind", Text),
    (3, "name", Text),
    (4, "uid", Text),
    (5, "apiVersion", Text),
    (6, "controller", Flag),
    (7, "blockOwnerDeletion", Flag),
];
const META: Table = &[
    (1, "name", Text),
    (2, "generateName", Text),
    (3, "namespace", Text),
    (4, "selfLink", Ignored),
    (5, "uid", Text),
    (6, "resourceVersion", Text),
    (7, "generation", Ignored),
    (8, "creationTimestamp", Ignored),
    (11, "labels", TextMap),
    (12, "annotations", TextMap),
    (13, "ownerReferences", Messages(OWNER)),
    (14, "finalizers", TextList),
    (17, "managedFields", Ignored),
];
const METADATA: (u64, &str, super::Kind) = (1, "metadata", Nested(META));

const SELECTOR: Table = &[
    (1, "matchLabels", TextMap),
    (2, "matchExpressions", Messages(&[(1, "key", Text), (2, "operator", Text), (3, "values", TextList)])),
];
const PORT: Table =
    &[(1, "name", Text), (2, "hostPort", Number), (3, "containerPort", Number), (4, "protocol", Text)];
const CONTAINER: Table = &[
    (1, "name", Text),
    (2, "image", Text),
    (3, "command", TextList),
    (4, "args", TextList),
    (5, "workingDir", Text),
    (6, "ports", Messages(PORT)),
    (7, "env", Messages(&[(1, "name", Text), (2, "value", Text)])),
    (8, "resources", Nested(&[(1, "limits", QuantityMap), (2, "requests", QuantityMap)])),
    (13, "terminationMessagePath", Text),
    (14, "imagePullPolicy", Text),
    (16, "stdin", Flag),
    (17, "stdinOnce", Flag),
    (18, "tty", Flag),
    (20, "terminationMessagePolicy", Text),
];
const POD_SPEC: Table = &[
    (2, "containers", Messages(CONTAINER)),
    (3, "restartPolicy", Text),
    (4, "terminationGracePeriodSeconds", Number),
    (5, "activeDeadlineSeconds", Number),
    (6, "dnsPolicy", Text),
    (7, "nodeSelector", TextMap),
    (8, "serviceAccountName", Text),
    (9, "serviceAccount", Text),
    (10, "nodeName", Text),
    (11, "hostNetwork", Flag),
    (12, "hostPID", Flag),
    (13, "hostIPC", Flag),
    (14, "securityContext", Nested(&[])),
    (19, "schedulerName", Text),
    (20, "initContainers", Messages(CONTAINER)),
];
const TEMPLATE: Table = &[METADATA, (2, "spec", Nested(POD_SPEC))];
const STRATEGY: Table = &[
    (1, "type", Text),
    (2, "rollingUpdate", Nested(&[(1, "maxUnavailable", IntOrText), (2, "maxSurge", IntOrText)])),
];
const DEPLOYMENT: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "replicas", Number),
            (2, "selector", Nested(SELECTOR)),
            (3, "template", Nested(TEMPLATE)),
            (4, "strategy", Nested(STRATEGY)),
            (5, "minReadySeconds", Number),
            (6, "revisionHistoryLimit", Number),
            (7, "paused", Flag),
            (9, "progressDeadlineSeconds", Number),
        ]),
    ),
    (3, "status", Ignored),
];
const JOB_SPEC: Table = &[
    (1, "parallelism", Number),
    (2, "completions", Number),
    (3, "activeDeadlineSeconds", Number),
    (4, "selector", Nested(SELECTOR)),
    (5, "manualSelector", Flag),
    (6, "template", Nested(TEMPLATE)),
    (7, "backoffLimit", Number),
    (8, "ttlSecondsAfterFinished", Number),
    (9, "completionMode", Text),
    (10, "suspend", Flag),
    (14, "podReplacementPolicy", Text),
];
const JOB: Table = &[METADATA, (2, "spec", Nested(JOB_SPEC)), (3, "status", Ignored)];
const CRON_JOB: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "schedule", Text),
            (2, "startingDeadlineSeconds", Number),
            (3, "concurrencyPolicy", Text),
            (4, "suspend", Flag),
            (5, "jobTemplate", Nested(&[METADATA, (2, "spec", Nested(JOB_SPEC))])),
            (6, "successfulJobsHistoryLimit", Number),
            (7, "failedJobsHistoryLimit", Number),
            (8, "timeZone", Text),
        ]),
    ),
    (3, "status", Ignored),
];

const CONFIG_MAP: Table =
    &[METADATA, (2, "data", TextMap), (3, "binaryData", BytesMap), (4, "immutable", Flag)];
const SECRET: Table =
    &[METADATA, (2, "data", BytesMap), (3, "type", Text), (4, "stringData", TextMap), (5, "immutable", Flag)];
const NAMESPACE: Table = &[METADATA, (2, "spec", Ignored), (3, "status", Ignored)];
const ACCOUNT: Table = &[METADATA];
const QUOTA: Table = &[
    METADATA,
    (2, "spec", Nested(&[(1, "hard", QuantityMap), (2, "scopes", TextList)])),
    (3, "status", Ignored),
];
const SERVICE_PORT: Table = &[
    (1, "name", Text),
    (2, "protocol", Text),
    (3, "port", Number),
    (4, "targetPort", IntOrText),
    (5, "nodePort", Number),
];
const SERVICE: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "ports", Messages(SERVICE_PORT)),
            (2, "selector", TextMap),
            (3, "clusterIP", Text),
            (4, "type", Text),
            (7, "sessionAffinity", Text),
            (10, "externalName", Text),
        ]),
    ),
    (3, "status", Ignored),
];

const RULE: Table = &[
    (1, "verbs", TextList),
    (2, "apiGroups", TextList),
    (3, "resources", TextList),
    (4, "resourceNames", TextList),
    (5, "nonResourceURLs", TextList),
];
const ROLE: Table = &[METADATA, (2, "rules", Messages(RULE))];
const CLUSTER_ROLE: Table = &[
    METADATA,
    (2, "rules", Messages(RULE)),
    (3, "aggregationRule", Nested(&[(1, "clusterRoleSelectors", Messages(SELECTOR))])),
];
const BINDING: Table = &[
    METADATA,
    (
        2,
        "subjects",
        Messages(&[(1, "kind", Text), (2, "apiGroup", Text), (3, "name", Text), (4, "namespace", Text)]),
    ),
    (3, "roleRef", Nested(&[(1, "apiGroup", Text), (2, "kind", Text), (3, "name", Text)])),
];

const SERVICE_BACKEND: Table =
    &[(1, "name", Text), (2, "port", Nested(&[(1, "name", Text), (2, "number", Number)]))];
const BACKEND: Table = &[(4, "service", Nested(SERVICE_BACKEND))];
const PATH: Table = &[(1, "path", Text), (2, "backend", Nested(BACKEND)), (3, "pathType", Text)];
const INGRESS: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "defaultBackend", Nested(BACKEND)),
            (2, "tls", Messages(&[(1, "hosts", TextList), (2, "secretName", Text)])),
            (
                3,
                "rules",
                Messages(&[
                    (1, "host", Text),
                    (2, "", Inline(&[(1, "http", Nested(&[(1, "paths", Messages(PATH))]))])),
                ]),
            ),
            (4, "ingressClassName", Text),
        ]),
    ),
    (3, "status", Ignored),
];
const BUDGET: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "minAvailable", IntOrText),
            (2, "selector", Nested(SELECTOR)),
            (3, "maxUnavailable", IntOrText),
        ]),
    ),
    (3, "status", Ignored),
];
const PRIORITY: Table = &[
    METADATA,
    (2, "value", Number),
    (3, "globalDefault", Flag),
    (4, "description", Text),
    (5, "preemptionPolicy", Text),
];

const METRIC: Table = &[
    (1, "type", Text),
    (
        4,
        "resource",
        Nested(&[
            (1, "name", Text),
            (
                2,
                "target",
                Nested(&[
                    (1, "type", Text),
                    (3, "averageValue", Quantity),
                    (4, "averageUtilization", Number),
                ]),
            ),
        ]),
    ),
];
const AUTOSCALER: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "scaleTargetRef", Nested(&[(1, "kind", Text), (2, "name", Text), (3, "apiVersion", Text)])),
            (2, "minReplicas", Number),
            (3, "maxReplicas", Number),
            (4, "metrics", Messages(METRIC)),
        ]),
    ),
    (3, "status", Ignored),
];

const ATTRIBUTES: Table = &[
    (1, "namespace", Text),
    (2, "verb", Text),
    (3, "group", Text),
    (4, "version", Text),
    (5, "resource", Text),
    (6, "subresource", Text),
    (7, "name", Text),
];
const ACCESS_REVIEW: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "resourceAttributes", Nested(ATTRIBUTES)),
            (2, "nonResourceAttributes", Nested(&[(1, "path", Text), (2, "verb", Text)])),
        ]),
    ),
    (3, "status", Ignored),
];
const RULES_REVIEW: Table =
    &[METADATA, (2, "spec", Nested(&[(1, "namespace", Text)])), (3, "status", Ignored)];
const SELF_REVIEW: Table = &[METADATA, (2, "status", Ignored)];
const TOKEN_REQUEST: Table = &[
    METADATA,
    (
        2,
        "spec",
        Nested(&[
            (1, "audiences", TextList),
            (3, "boundObjectRef", Ignored),
            (4, "expirationSeconds", Number),
        ]),
    ),
    (3, "status", Ignored),
];
const EVICTION: Table =
    &[METADATA, (2, "deleteOptions", Nested(&[(1, "gracePeriodSeconds", Number), (5, "dryRun", TextList)]))];
const DELETE_OPTIONS: Table = &[
    (1, "gracePeriodSeconds", Number),
    (2, "preconditions", Nested(&[(1, "uid", Text), (2, "resourceVersion", Text)])),
    (3, "orphanDependents", Flag),
    (4, "propagationPolicy", Text),
    (5, "dryRun", TextList),
];
/// The table of a kind.
pub(super) fn of(version: &str, kind: &str) -> Option<Table> {
    Some(match (version.split('/').next()?, kind) {
        ("v1", "ConfigMap") => CONFIG_MAP,
        ("v1", "Namespace") => NAMESPACE,
        ("v1", "ResourceQuota") => QUOTA,
        ("v1", "Secret") => SECRET,
        ("v1", "Service") => SERVICE,
        ("v1", "ServiceAccount") => ACCOUNT,
        ("apps", "Deployment") => DEPLOYMENT,
        ("authentication.k8s.io", "SelfSubjectReview") => SELF_REVIEW,
        ("authentication.k8s.io", "TokenRequest") => TOKEN_REQUEST,
        ("authorization.k8s.io", "SelfSubjectAccessReview") => ACCESS_REVIEW,
        ("authorization.k8s.io", "SelfSubjectRulesReview") => RULES_REVIEW,
        ("autoscaling", "HorizontalPodAutoscaler") if version == "autoscaling/v2" => AUTOSCALER,
        ("batch", "CronJob") => CRON_JOB,
        ("batch", "Job") => JOB,
        ("networking.k8s.io", "Ingress") => INGRESS,
        ("policy", "Eviction") => EVICTION,
        ("policy", "PodDisruptionBudget") => BUDGET,
        ("rbac.authorization.k8s.io", "ClusterRole") => CLUSTER_ROLE,
        ("rbac.authorization.k8s.io", "Role") => ROLE,
        ("rbac.authorization.k8s.io", "ClusterRoleBinding" | "RoleBinding") => BINDING,
        ("scheduling.k8s.io", "PriorityClass") => PRIORITY,
        (_, "DeleteOptions") => DELETE_OPTIONS,
        _ => return None,
    })
}
