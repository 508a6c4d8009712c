import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import ipaddr from 'ipaddr.js';
import { Config } from '../config/index.js';
import { sameSecret } from '../crypto/index.js';
import { AppError } from '../errors/index.js';
import { Answers, Public } from '../http/index.js';
import { Metrics } from './metrics.js';

@Controller('metrics')
@ApiTags('Operation')
export class MetricsController {
  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  /** Give the figures of this node in Prometheus's text format. To loopback callers, and to bearers of `METRICS_TOKEN`. */
  @Get()
  @Public({ tenant: 'none' })
  @ApiSecurity('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Answers(
    200,
    { type: 'string' },
    { content_type: 'text/plain', refuses: ['UNAUTHORIZED'], example: '# TYPE kaiwa_sockets gauge\nkaiwa_sockets 0\n' },
  )
  readMetrics(@Req() request: Request): Promise<string> {
    if (!this.isLocal(request) && !this.hasToken(request)) throw new AppError('UNAUTHORIZED');
    return this.metrics.text();
  }

  /** Both the caller and the connection must be local: a proxy on this machine brings callers from anywhere. */
  private isLocal(request: Request): boolean {
    return isLoopback(request.ip) && isLoopback(request.socket.remoteAddress) && request.headers['x-forwarded-for'] === undefined;
  }

  private hasToken(request: Request): boolean {
    const { METRICS_TOKEN: token } = this.config.env;
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return token !== undefined && given !== undefined && sameSecret(token, given);
  }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}
