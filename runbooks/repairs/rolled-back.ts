/** The data is not as a repair must find it, or the database refused: all of its transaction was rolled back, for certain. */
export class RolledBackError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RolledBackError';
  }
}
