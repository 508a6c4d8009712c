/** Thrown by whoever has sent the answer itself, so that nothing after it runs; no error to anybody. */
export class AlreadyAnswered extends Error {
  constructor() {
    super('The answer was sent');
    this.name = 'AlreadyAnswered';
  }
}
