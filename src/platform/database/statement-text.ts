/** What a statement is to the connection that runs it. */
export type StatementKind = 'ordinary' | 'begin' | 'commit' | 'rollback' | 'savepoint';

/** A statement's text, looked at once. */
export interface StatementText {
  readonly text: string;
  /** The name that it is prepared under, so that each connection parses it once; empty for one-off texts. */
  readonly name: string;
  readonly kind: StatementKind;
}

/** Thrown for a text that the scoped connections do not take; a defect of ours. */
export class StatementRefusedError extends Error {
  constructor(why: string) {
    super(`Statement refused: ${why}`);
    this.name = 'StatementRefusedError';
  }
}

const TRANSACTION_MODE = String.raw`(?:isolation\s+level\s+(?:serializable|repeatable\s+read|read\s+committed)|read\s+(?:only|write))`;
const BEGIN = new RegExp(
  String.raw`^\s*(?:begin|start\s+transaction)(?:\s+${TRANSACTION_MODE}(?:\s*,?\s*${TRANSACTION_MODE})*)?\s*;?\s*$`,
  'i',
);
const COMMIT = /^\s*commit\s*;?\s*$/i;
const ROLLBACK = /^\s*rollback\s*;?\s*$/i;
const SAVEPOINT = /^\s*(?:savepoint|release(?:\s+savepoint)?|rollback\s+to(?:\s+savepoint)?)\s+\w+\s*;?\s*$/i;

/** What would outlive the statement on a shared connection, or leave its role or tenant. */
const SESSION_STATEMENT =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:begin|start|commit|end|rollback|abort|prepare|deallocate|discard|reset|listen|unlisten|copy|set\s+(?!local\b|constraints\b|transaction\b)|set\s+local\s+(?:role|session)\b)/i;
const TENANT_SETTING = /app\s*\.\s*client_id|\bset_config\s*\(/i;

function kindOf(text: string): StatementKind {
  if (text.includes('\0')) throw new StatementRefusedError('its text would end at a zero byte');
  if (BEGIN.test(text)) return 'begin';
  if (COMMIT.test(text)) return 'commit';
  if (ROLLBACK.test(text)) return 'rollback';
  if (SAVEPOINT.test(text)) return 'savepoint';
  if (SESSION_STATEMENT.test(text)) throw new StatementRefusedError('it would change the session of a shared connection');
  if (TENANT_SETTING.test(text)) throw new StatementRefusedError('only the driver says which tenant is bound');
  return 'ordinary';
}

/**
 * The statements that this process has seen, by text. A text seen twice gets a name of its own, up to `most` names;
 * beyond that, statements run unnamed, so that neither this map nor the server's memory grows without end.
 */
export class StatementTexts {
  private readonly named = new Map<string, StatementText>();
  private readonly seenOnce = new Set<string>();

  constructor(
    private readonly most = 500,
    private readonly candidates = 1_000,
  ) {}

  /** The text as the driver runs it; throws {@link StatementRefusedError}. */
  look(text: string): StatementText {
    const known = this.named.get(text);
    if (known) return known;
    const kind = kindOf(text);
    if (this.named.size < this.most && (kind !== 'ordinary' || this.seenOnce.delete(text))) {
      const statement = { text, name: `k${this.named.size + 1}`, kind };
      this.named.set(text, statement);
      return statement;
    }
    if (this.seenOnce.size >= this.candidates) this.seenOnce.clear();
    this.seenOnce.add(text);
    return { text, name: '', kind };
  }
}
