import { Controller, Header, Post, Req } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { Answers, type KaiwaRequest } from '../../../platform/http/index.js';
import { SignedForm, type TwilioForm, TwilioWebhook } from '../../calls/index.js';
import { VoiceService } from './voice.service.js';

const TWIML = `<?xml version="1.0" encoding="UTF-8"?><Response><Gather input="speech" language="ja-JP" speechTimeout="auto" timeout="6" method="POST" action="voice?state=hear-0-0-0-0"><Say language="ja-JP">お電話ありがとうございます。</Say></Gather><Redirect method="POST">voice?state=hear-0-1-0-0</Redirect></Response>`;

@ApiTags('Assistant')
@Controller('twilio')
export class VoiceController {
  constructor(private readonly voice: VoiceService) {}

  /**
   * Answer a telephone call. Set it as the voice webhook of a number: the assistant greets the caller, listens, answers, and listens again, until the
   * caller or the assistant ends the call. The answer is always TwiML, within two seconds; one that takes longer to make is waited for by `<Redirect>`.
   * The same request again does nothing again.
   */
  @Post('voice')
  @TwilioWebhook({
    CallSid: 'CA0123456789abcdef0123456789abcdef',
    Direction: 'inbound',
    From: '+819012345678',
    To: '+815012345678',
    SpeechResult: '予約したいです',
  })
  @ApiQuery({
    name: 'state',
    description: 'Where the conversation stands; this server puts it into the URLs that it answers',
    required: false,
    schema: { type: 'string', example: 'hear-0-0-0-0' },
  })
  @Header('Content-Type', 'text/xml; charset=utf-8')
  @Answers(200, { type: 'string' }, { content_type: 'text/xml', example: TWIML, refuses: ['RATE_LIMITED'] })
  answerPhoneCall(@SignedForm() form: TwilioForm, @Req() request: KaiwaRequest): Promise<string> {
    return this.voice.reply(form, request.query);
  }
}
