//! `auth`, acting as others, what RBAC refuses.

use super::Kubectl;

#[tokio::test]
async fn rights_are_asked_for_and_enforced() {
    let Some(kubectl) = Kubectl::start().await else { return };
    for (arguments, code, expected) in [
        ("auth whoami", 0, "kubernetes-admin"),
        ("auth can-i create pods", 0, "yes"),
        ("auth can-i --list", 0, "*.*"),
        ("auth can-i list pods --as jane", 1, "no"),
        ("create role reader --verb=get,list --resource=pods,pods/log", 0, "created"),
        ("create rolebinding jane --role=reader --user=jane", 0, "created"),
        ("auth can-i list pods --as jane", 0, "yes"),
        ("auth can-i list pods --as jane -n kube-system", 1, "no"),
        ("auth can-i get pods --subresource=log --as jane", 0, "yes"),
        ("auth can-i get pods --subresource=exec --as jane", 1, "no"),
        ("auth can-i get /version --as jane", 0, "yes"),
        ("auth can-i get /secret/path --as jane", 1, "no"),
        ("auth can-i --list --as jane", 0, "pods/log"),
        ("auth whoami --as jane --as-group devs", 0, "[devs system:authenticated]"),
        ("get pods --as jane", 0, "No resources found"),
        (
            "get nodes --as jane",
            1,
            "nodes is forbidden: User \"jane\" cannot list resource \"nodes\" in API group \"\" at the cluster scope",
        ),
        (
            "create deploy a --image=a --as jane",
            1,
            "deployments.apps is forbidden: User \"jane\" cannot create resource \"deployments\" in API group \"apps\" in the namespace \"%ns%\"",
        ),
        ("create sa bot", 0, "created"),
        ("create token bot", 0, ""),
        (
            "create clusterrolebinding %ns%-bots --clusterrole=view --group=system:serviceaccounts:%ns%",
            0,
            "created",
        ),
        ("get configmaps --as system:serviceaccount:%ns%:bot -A", 0, "kube-root-ca.crt"),
        ("get secrets --as system:serviceaccount:%ns%:bot", 1, "cannot list resource \"secrets\""),
        ("auth can-i delete pods --as root --as-group system:masters", 0, "yes"),
        ("get pods --as jane --as-group system:masters", 0, "No resources found"),
    ] {
        kubectl.check(arguments, "", code, &[expected]).await;
    }
}
