/** The states of a machine as OPC 40001-1 (OPC UA for Machinery) names them: MachineryItemState, in our spelling. */
export const deviceStates = ['not_available', 'out_of_service', 'not_executing', 'executing'] as const;
export type DeviceState = (typeof deviceStates)[number];

/** The state that a text means, whichever way it spells it: `NotExecuting`, `NOT EXECUTING`, `not_executing`. */
export function deviceStateOf(text: string): DeviceState | undefined {
  const letters = text.toLowerCase().replaceAll(/[^a-z]/g, '');
  return deviceStates.find((state) => state.replaceAll('_', '') === letters);
}
