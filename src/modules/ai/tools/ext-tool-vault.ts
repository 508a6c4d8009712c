import { Injectable } from '@nestjs/common';
import { isMasked, maskSecret, SecretBox } from '../../../platform/crypto/index.js';
import type { ErrorDetail } from '../../../platform/errors/index.js';
import { Scope } from '../../../platform/scope/index.js';
import type { ExtTool } from '../settings/setting-values.js';

/** Keeps the values of ext-tools' headers, which are secrets: sealed in the database, masked for readers, open for the call alone. */
@Injectable()
export class ExtToolVault {
  constructor(private readonly box: SecretBox) {}

  /**
   * Tools as they are kept. A value that is masked, as its reader got it, stands for the one that is kept for the same header of the same
   * tool, as long as the tool calls the same origin: a secret is for the server that it was given to. What has none is added to `faults`.
   */
  seal(given: readonly ExtTool[], kept: readonly ExtTool[], faults: ErrorDetail[]): ExtTool[] {
    return given.map((tool, index) => {
      const before = kept.find(({ name, url }) => name === tool.name && originOf(url) === originOf(tool.url));
      const headers = Object.entries(tool.headers).map(([header, value]) => {
        if (!isMasked(value)) return [header, this.box.seal(value, placeOf(tool, header))];
        const sealed = before && Object.entries(before.headers).find(([other]) => other.toLowerCase() === header.toLowerCase())?.[1];
        if (before && sealed !== undefined && maskSecret(this.open(before, header, sealed)) === value) return [header, sealed];
        faults.push({ field: `tools[${index}].headers.${header}`, message: 'is masked: give the value itself' });
        return [header, ''];
      });
      return { ...tool, headers: Object.fromEntries(headers) as Record<string, string> };
    });
  }

  /** Tools as they are shown. */
  mask(tools: readonly ExtTool[]): ExtTool[] {
    return tools.map((tool) => ({ ...tool, headers: this.map(tool, (header, value) => maskSecret(this.open(tool, header, value))) }));
  }

  /** A kept tool's headers, ready to be sent. @throws SealBrokenError */
  headersOf(tool: ExtTool): Record<string, string> {
    return this.map(tool, (header, value) => this.open(tool, header, value));
  }

  private open(tool: ExtTool, header: string, sealed: string): string {
    return this.box.open(sealed, placeOf(tool, header));
  }

  private map(tool: ExtTool, change: (header: string, value: string) => string): Record<string, string> {
    return Object.fromEntries(Object.entries(tool.headers).map(([header, value]) => [header, change(header, value)]));
  }
}

function placeOf({ name }: ExtTool, header: string): string {
  return `${Scope.clientId()}/ext_tools/${name}/${header.toLowerCase()}`;
}

/** A tool's URL may hold `{argument}`, though not in what comes before its path. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? '';
}
