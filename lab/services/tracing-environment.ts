/**
 * What OpenTelemetry reads from the environment, for our own processes of a lab: so that the trace of an operation does not
 * end where a process begins. The service's name is that of who starts the lab; each of its processes has its own.
 */
export function tracingEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith('OTEL_') && name !== 'OTEL_SERVICE_NAME' && value !== undefined ? [[name, value]] : [],
    ),
  );
}
