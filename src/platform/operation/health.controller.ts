import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers, Public, RawJson, Unlimited } from '../http/index.js';
import { LiveView, ReadyView } from './health.view.js';
import { Readiness } from './readiness.js';

@Controller('health')
@ApiTags('Operation')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Say that the process runs. */
  @Get('live')
  @Public({ tenant: 'none' })
  @Unlimited()
  @Answers(200, LiveView)
  checkLive(): LiveView {
    return { status: 'ok' };
  }

  /** Say whether requests should be sent here. Where not, it says what is wrong. */
  @Get('ready')
  @Public({ tenant: 'none' })
  @Unlimited()
  @Answers(200, ReadyView)
  @Answers(503, ReadyView, { description: 'Something that requests need is missing' })
  async checkReady(): Promise<RawJson> {
    const { ready, parts } = await this.readiness.check();
    return new RawJson(JSON.stringify({ status: ready ? 'ok' : 'unavailable', parts }), ready ? 200 : 503);
  }
}
