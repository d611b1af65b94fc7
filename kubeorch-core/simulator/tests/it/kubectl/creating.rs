//! `create` and its kin, which send protobuf; `explain` and strict decoding.

use super::Kubectl;

#[tokio::test]
async fn every_kind_that_create_knows_is_created() {
    let Some(kubectl) = Kubectl::start().await else { return };
    kubectl
        .all(&[
            ("create deploy web --image=web:1 --port=80 --replicas=2", "created"),
            ("rollout status deploy/web --timeout=20s", "successfully rolled out"),
            ("get deploy web -o jsonpath={.spec.template.spec.containers[0].ports[0].containerPort}", "80"),
            ("autoscale deploy web --min=1 --max=3 --cpu-percent=50", "autoscaled"),
            ("get hpa web -o jsonpath={.spec.metrics[0].resource.target.averageUtilization}", "50"),
            ("expose deploy web --port=80 --target-port=8080", "exposed"),
            ("run one --image=one:1 --env=A=b --labels=x=y", "created"),
            ("create job once --image=job:1 -- echo hi", "created"),
            ("wait --for=condition=complete job/once --timeout=20s", "condition met"),
            ("get job once -o jsonpath={.spec.template.spec.containers[0].command}", "[\"echo\",\"hi\"]"),
            ("create cronjob tick --image=job:1 --schedule=*/5_*_*_*_*", "created"),
            ("create job manual --from=cronjob/tick", "created"),
            ("get job manual -o jsonpath={.metadata.ownerReferences[0].name}", "tick"),
            ("create ingress in --class=nginx --rule=a.b/c*=web:80,tls=cert", "created"),
            ("get ingress in -o jsonpath={.spec.rules[0].http.paths[0].backend.service.port.number}", "80"),
            ("create quota small --hard=pods=4,cpu=2", "created"),
            ("get quota small -o jsonpath={.spec.hard.cpu}", "2"),
            ("create pdb keep --selector=app=web --min-available=50%", "created"),
            ("get pdb keep -o jsonpath={.spec.minAvailable}", "50%"),
            ("create priorityclass %ns%-high --value=-5", "created"),
            ("get priorityclass %ns%-high -o jsonpath={.value}", "-5"),
            ("create clusterrole %ns%-see --verb=get --resource=nodes --resource-name=a", "created"),
            ("create service nodeport np --tcp=80:8080 --node-port=30100", "created"),
            ("create service externalname ext --external-name=a.b", "created"),
            ("create namespace %ns%-team", "created"),
            ("create configmap settings --from-literal=a=b", "created"),
            ("create secret docker-registry reg --docker-username=u --docker-password=p", "created"),
            ("get secret reg -o jsonpath={.type}", "kubernetes.io/dockerconfigjson"),
        ])
        .await;
}

#[tokio::test]
async fn fields_are_explained_and_slips_refused() {
    let Some(kubectl) = Kubectl::start().await else { return };
    let bad = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "dat": {}}"#;
    for (arguments, input, code, expected) in [
        ("explain deploy.spec.replicas", "", 0, "FIELD: replicas <integer>"),
        (
            "explain pod.spec.containers",
            "",
            0,
            "A single application container that you want to run within a pod.",
        ),
        ("explain hpa --recursive", "", 0, "averageUtilization\t<integer>"),
        ("explain deploy.spec.nope", "", 1, "field \"nope\" does not exist"),
        ("apply -f -", bad, 1, "unknown field \"dat\""),
        ("apply --server-side -f -", bad, 1, ".dat: field not declared in schema"),
        ("api-resources --namespaced=false", "", 0, "customresourcedefinitions"),
        ("api-versions", "", 0, "metrics.k8s.io/v1beta1"),
    ] {
        kubectl.check(arguments, input, code, &[expected]).await;
    }
}
