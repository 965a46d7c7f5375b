/** Extensions of Chaos Toolkit that experiments often use, by how their modules begin, and what to write instead. */
const instead: readonly (readonly [string, string])[] = [
  [
    'chaosaddons.controls.safeguards',
    'guardrails of an Andon drill stop it and heal: guardrails: [{name, promql, stop_when}]',
  ],
  [
    'chaosprometheus',
    'a promql probe of an Andon drill: hypothesis: [{name, promql, expect}]; or a http probe of /api/v1/query with a jsonpath tolerance',
  ],
  [
    'chaosgrafana',
    'a http probe of the address that Grafana itself asks, or a promql probe of an Andon drill',
  ],
  [
    'chaostoxi',
    'the network faults of an Andon drill (network.latency, network.cut, network.bandwidth, …) through Toxiproxy; or http actions on its API at port 8474',
  ],
  [
    'chaosk8s',
    'a process action with kubectl (arguments: [delete, pod, …]); or process.kill, process.pause, process.restart of an Andon drill on a container',
  ],
  ['chaosaws', 'a process action with the aws program (arguments: [ec2, stop-instances, …])'],
  ['chaosazure', 'a process action with the az program'],
  ['chaosgcp', 'a process action with the gcloud program'],
  ['chaosgce', 'a process action with the gcloud program'],
  ['chaosspring', 'http actions on the actuator of the service: POST /actuator/chaosmonkey/…'],
  ['chaoswm', 'http actions on the admin API of WireMock; or http.fail of an Andon drill'],
  ['chaosistio', 'a process action with kubectl apply; or http.fail of an Andon drill'],
  ['chaosk6', 'the load of an Andon drill, or a process action with k6 in the background'],
  ['chaosopentelemetry', 'nothing: Andon traces a run itself when OTEL_EXPORTER_OTLP_ENDPOINT is set'],
  ['chaostracing', 'nothing: Andon traces a run itself when OTEL_EXPORTER_OTLP_ENDPOINT is set'],
  ['chaosreliably', 'a http or process activity that does the same'],
  ['chaoslib.', 'a http or process provider: `type: http` or `type: process` calls the same code'],
  ['os', 'a process provider with the program that does the same, as in path: mkdir'],
  ['shutil', 'a process provider with the program that does the same, as in path: cp'],
  ['subprocess', 'a process provider: path and arguments'],
  ['time', 'pauses: {before, after} of an activity'],
  ['random', 'a process provider, as in path: shuf'],
  ['urllib', 'a http provider'],
  ['requests', 'a http provider'],
];

/** Why a python provider is not run, and what to write instead of this one. */
export function refusalOfPython(module: string, func: string): string {
  const found = instead.find(
    ([start]) =>
      module === start ||
      module.startsWith(start.endsWith('.') ? start : `${start}.`) ||
      module === start.slice(0, -1),
  );
  const advice =
    found?.[1] ??
    'a process provider that runs the same code (path: python3, arguments: ["-m", …]), or a fault of an Andon drill (andon drill list)';
  return `python provider ${module}.${func} is not run here; use instead: ${advice}`;
}
