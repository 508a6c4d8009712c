import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FIRST_STATE, readState, type VoiceState, writeState } from './voice-state.js';
import { speakable, twimlOf } from './voice-twiml.js';

const STYLE = { voice: null, client_id: null };
const HEAR: VoiceState = { step: 'hear', turn: 3, count: 1, failures: 0, delays: 0 };

describe('TwiML', () => {
  it('asks and listens, and comes back where nothing is said', async () => {
    expect(await twimlOf({ kind: 'ask', text: 'ご用件は？', next: HEAR }, { voice: 'Polly.Mizuki', client_id: 'salon' })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response>' +
        '<Gather input="speech" language="ja-JP" speechTimeout="auto" timeout="6" method="POST" action="voice?client_id=salon&amp;state=hear-3-1-0-0">' +
        '<Say language="ja-JP" voice="Polly.Mizuki">ご用件は？</Say></Gather>' +
        '<Redirect method="POST">voice?client_id=salon&amp;state=hear-3-2-0-0</Redirect></Response>',
    );
  });

  it('waits, with a word or without', async () => {
    const next: VoiceState = { ...HEAR, step: 'wait' };
    expect(await twimlOf({ kind: 'wait', text: null, next }, STYLE)).toContain(
      '<Pause length="1"/><Redirect method="POST">voice?state=wait-3-1-0-0</Redirect>',
    );
    expect(await twimlOf({ kind: 'wait', text: '少々', next }, STYLE)).toContain('<Say language="ja-JP">少々</Say><Redirect');
  });

  it('says goodbye and hangs up', async () => {
    expect(await twimlOf({ kind: 'end', text: 'では' }, STYLE)).toContain('<Response><Say language="ja-JP">では</Say><Hangup/></Response>');
  });

  it('holds whatever a model writes', async () => {
    const twiml = await twimlOf({ kind: 'end', text: '</Say><Hangup/>&\u0000\u000b\ud800' }, STYLE);
    expect(twiml).toContain('&lt;/Say&gt;&lt;Hangup/&gt;&amp;');
    expect(twiml.match(/<Hangup\/>/g)?.length).toBe(1);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) =>
        (await twimlOf({ kind: 'end', text }, STYLE)).endsWith('<Hangup/></Response>'),
      ),
    );
    expect(speakable('あ'.repeat(10_000)).length).toBe(3_000);
  });
});

describe('the state', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.record({
          step: fc.constantFrom('greet' as const, 'hear' as const, 'wait' as const),
          turn: fc.nat(2_000),
          count: fc.nat(99),
          failures: fc.nat(9),
          delays: fc.nat(9),
        }),
        (state) => expect(readState(writeState(state))).toEqual(state),
      ),
    );
  });

  it.each([undefined, '', 'greet', 'hear-1', 'hear-x-0-0-0', 'hear--1-0-0-0', ['hear-1-0-0-0'], 'hear-1-0-0-0-0', 'sing-1-0-0-0'])(
    '%p is the first',
    (text) => {
      expect(readState(text)).toEqual(FIRST_STATE);
    },
  );
});
