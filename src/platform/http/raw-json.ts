/** JSON that is written already, such as a list that PostgreSQL built: a reply sends it as it is. */
export class RawJson {
  constructor(
    readonly json: string,
    /** In place of the route's own status, where the outcome decides. */
    readonly status?: number,
  ) {}
}
