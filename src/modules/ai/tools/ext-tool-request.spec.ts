import { describe, expect, it } from '@jest/globals';
import type { ExtTool, ToolMethod } from '../settings/setting-values.js';
import { toolRequest } from './ext-tool-request.js';

const tool = (method: ToolMethod, url: string): ExtTool => ({
  name: 'tool',
  description: '',
  parameters: { type: 'object' },
  method,
  url,
  headers: {},
  timeout_ms: 1_000,
});
const sent = (method: ToolMethod, url: string, args: Record<string, unknown>): [string, string | undefined] => {
  const made = toolRequest(tool(method, url), args);
  return [made.url.href, made.body];
};

describe('the request of a tool', () => {
  it('has its arguments in the query of GET and DELETE', () => {
    expect(sent('GET', 'https://a.example/slots?key=1', { date: '2024-12-01', tags: ['a', 'b'], at: { x: 1 }, q: '空き & 席' })).toEqual([
      'https://a.example/slots?key=1&date=2024-12-01&tags=a&tags=b&at=%7B%22x%22%3A1%7D&q=%E7%A9%BA%E3%81%8D+%26+%E5%B8%AD',
      undefined,
    ]);
    expect(sent('DELETE', 'https://a.example/x', {})).toEqual(['https://a.example/x', undefined]);
  });

  it.each<ToolMethod>(['POST', 'PUT', 'PATCH'])('has them in the body of %s', (method) => {
    expect(sent(method, 'https://a.example/x', { name: '田中', n: 1 })).toEqual(['https://a.example/x', '{"name":"田中","n":1}']);
  });

  it('has them in the address where that names them', () => {
    expect(sent('GET', 'https://a.example/users/{id}/slots?day={day}', { id: 7, day: '月', page: 2 })).toEqual([
      'https://a.example/users/7/slots?day=%E6%9C%88&page=2',
      undefined,
    ]);
    expect(sent('POST', 'https://a.example/{氏名}', { 氏名: '田中', n: 1 })).toEqual(['https://a.example/%E7%94%B0%E4%B8%AD', '{"n":1}']);
  });

  it.each(['../admin', 'a/b', 'x?y=1', '#z', '@evil.example', '%2e%2e', '{day}', '\\..\\admin'])('keeps %s within its segment', (id) => {
    const { url } = toolRequest(tool('GET', 'https://a.example/users/{id}/slots'), { id });
    expect(url.origin).toBe('https://a.example');
    expect(url.pathname.split('/')).toHaveLength(4);
    expect([url.search, url.hash]).toEqual(['', '']);
    expect(decodeURIComponent(url.pathname.split('/')[2] ?? '')).toBe(id);
  });

  it.each(['', '.', '..'])('refuses "%s" as a segment', (id) => {
    expect(() => toolRequest(tool('GET', 'https://a.example/users/{id}/slots'), { id })).toThrow(/must not be empty/);
  });

  it.each([undefined, null, {}, []])('refuses %j in the address', (id) => {
    expect(() => toolRequest(tool('GET', 'https://a.example/users/{id}'), { id })).toThrow(/^id /);
  });
});
