/** An element of a list, as text, and the line on which it begins. */
export interface ListElement {
  readonly text: string;
  readonly line: number;
}

/** Thrown where a text is no JSON list. */
export class NoListError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
    this.name = 'NoListError';
  }
}

const SPACE = /\s/;

/**
 * Cuts a JSON list into its elements as its text comes in, so that no more than one of them is held. An element is cut, not checked: whoever
 * parses it finds what is wrong with it.
 */
export class JsonListSplitter {
  private line = 1;
  private state: 'before' | 'element' | 'between' | 'after' = 'before';
  private wantsElement = true;
  private depth = 0;
  private inText = false;
  private isEscaped = false;
  private text = '';
  private startedAt = 1;

  constructor(private readonly max_length: number) {}

  /** The elements that end in this piece. @throws NoListError */
  *push(piece: string): Generator<ListElement> {
    for (const character of piece) {
      const done = this.take(character);
      if (done) yield done;
      if (character === '\n') this.line++;
    }
  }

  /** @throws NoListError where the list has no end */
  end(): void {
    if (this.state !== 'after')
      throw new NoListError(this.line, this.state === 'before' ? 'must be a list' : 'ends in the middle of the list');
  }

  private take(character: string): ListElement | null {
    if (this.state === 'element') return this.takeInside(character);
    if (SPACE.test(character)) return null;
    if (this.state === 'before') {
      if (character !== '[') throw new NoListError(this.line, 'must be a list');
      this.state = 'between';
      return null;
    }
    if (this.state === 'after') throw new NoListError(this.line, 'goes on after the end of the list');
    if (character === ']') {
      this.state = 'after';
      return null;
    }
    if (!this.wantsElement) {
      if (character !== ',') throw new NoListError(this.line, 'lacks a comma between two elements');
      this.wantsElement = true;
      return null;
    }
    this.state = 'element';
    this.startedAt = this.line;
    return this.takeInside(character);
  }

  private takeInside(character: string): ListElement | null {
    if (!this.inText && this.depth === 0 && (character === ',' || character === ']')) {
      const element = this.finish();
      this.take(character);
      return element;
    }
    this.text += character;
    if (this.text.length > this.max_length) throw new NoListError(this.startedAt, `is longer than ${this.max_length} characters`);
    if (this.inText) {
      if (this.isEscaped) this.isEscaped = false;
      else if (character === '\\') this.isEscaped = true;
      else if (character === '"') this.inText = false;
    } else if (character === '"') this.inText = true;
    else if (character === '{' || character === '[') this.depth++;
    else if ((character === '}' || character === ']') && this.depth > 0) this.depth--;
    return null;
  }

  private finish(): ListElement {
    const element = { text: this.text, line: this.startedAt };
    this.text = '';
    this.state = 'between';
    this.wantsElement = false;
    return element;
  }
}
