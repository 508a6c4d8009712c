import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import { Database } from '../database/index.js';
import type { ExchangeObserver, KaiwaRequest, KaiwaResponse } from '../http/index.js';
import { JobRunner } from '../jobs/index.js';
import { Realtime } from '../realtime/index.js';

interface Observed {
  observe(seconds: number): void;
}

/** Seconds: from a read out of the cache to a slow upstream. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What operators measure, in Prometheus's text format. Labels are routes as declared, never what callers wrote. */
@Injectable()
export class Metrics implements ExchangeObserver {
  readonly registry = new Registry();
  private readonly durations: Histogram<'method' | 'route' | 'status'>;
  /** A label set is looked up once, not for each request. */
  private readonly series = new Map<string, Observed>();

  constructor(database: Database, realtime: Realtime, jobs: JobRunner) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.durations = new Histogram({
      name: 'kaiwa_http_request_duration_seconds',
      help: 'How long requests took, by declared route',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers,
    });
    new Gauge({
      name: 'kaiwa_sockets',
      help: 'Sockets that this node serves',
      registers,
      collect() {
        this.set(realtime.socketCount);
      },
    });
    new Gauge({
      name: 'kaiwa_database_connections',
      help: 'Connections of the pool that serves requests, and callers that wait for one',
      labelNames: ['state'],
      registers,
      collect() {
        const { total, idle, waiting } = database.load;
        this.set({ state: 'busy' }, total - idle);
        this.set({ state: 'idle' }, idle);
        this.set({ state: 'waiting' }, waiting);
      },
    });
    new Gauge({
      name: 'kaiwa_jobs',
      help: 'Background jobs of this node since its start',
      labelNames: ['outcome'],
      registers,
      collect() {
        this.set({ outcome: 'done' }, jobs.done);
        this.set({ outcome: 'failed' }, jobs.failed);
      },
    });
  }

  /** Notes how long an exchange took. */
  finished(request: KaiwaRequest, response: KaiwaResponse, route: string | undefined, duration_ms: number): void {
    const labels = {
      method: request.method ?? '',
      route: route ?? 'none',
      status: response.headersSent ? String(response.statusCode) : 'none',
    };
    const key = `${labels.method} ${labels.status} ${labels.route}`;
    let series = this.series.get(key);
    if (!series) {
      series = this.durations.labels(labels);
      this.series.set(key, series);
    }
    series.observe(duration_ms / 1000);
  }

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
