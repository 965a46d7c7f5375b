/** The data is not as it must be, or the database refused: all of the transaction was rolled back, for certain. */
export class RolledBackError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RolledBackError';
  }
}
