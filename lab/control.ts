import { UsageError } from '../kit/errors.ts';
import { closest } from '../kit/spelling.ts';
import type { ControlledService, ServiceState } from './controlled-service.ts';

/** What may be asked of a service. */
export const serviceVerbs = ['start', 'stop', 'restart'] as const;
export type ServiceVerb = (typeof serviceVerbs)[number];

/** The services of a lab by their names. */
export class LabControl {
  readonly #services = new Map<string, ControlledService>();

  add(service: ControlledService): void {
    this.#services.set(service.name, service);
  }

  states(): ServiceState[] {
    return [...this.#services.values()].map((service) => service.state());
  }

  /** Throws a UsageError where no service has that name. */
  async carryOut(verb: ServiceVerb, name: string): Promise<ServiceState> {
    const service = this.#services.get(name);
    if (service) return await service[verb]();
    const names = [...this.#services.keys()].toSorted();
    const near = closest(name, names);
    throw new UsageError('lab.service', `no service of this lab is called "${name}"`, {
      mend: near ? `Did you mean "${near}"?` : `There are: ${names.join(', ')}`,
    });
  }
}
