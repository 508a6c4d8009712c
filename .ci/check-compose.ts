import { existsSync, readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { NODE_FLAGS } from '../src/cli/flags.ts';

/* Checks docker-compose.yml as far as it goes without Docker: its YAML, its shape, and that no secret stands in it. */

interface Service {
  image?: string;
  build?: { context?: string; dockerfile_inline?: string };
  environment?: Record<string, unknown>;
  volumes?: string[];
  depends_on?: Record<string, { condition?: string }>;
  healthcheck?: { test?: unknown };
}

const problems: string[] = [];
const document = parseDocument(readFileSync('docker-compose.yml', 'utf8'), { uniqueKeys: true, strict: true });
problems.push(...document.errors.map((error) => error.message), ...document.warnings.map((warning) => warning.message));
const file = document.toJS() as { services?: Record<string, Service>; volumes?: Record<string, unknown> };
const services = Object.entries(file.services ?? {});

for (const name of ['app', 'postgres', 'redis', 's3']) if (!file.services?.[name]) problems.push(`no service ${name}`);

for (const [name, service] of services) {
  if (Boolean(service.image) === Boolean(service.build)) problems.push(`${name}: takes either an image or a build`);
  if (!service.healthcheck?.test) problems.push(`${name}: has no healthcheck`);
  for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
    if (!file.services?.[other]) problems.push(`${name}: depends on ${other}, which there is not`);
    if (condition !== 'service_healthy') problems.push(`${name}: does not wait until ${other} is healthy`);
  }
  for (const volume of service.volumes ?? []) {
    const [source = ''] = volume.split(':');
    if (!/^[./]/.test(source) && !(source in (file.volumes ?? {}))) problems.push(`${name}: volume ${source} is not declared`);
  }
  for (const [variable, value] of Object.entries(service.environment ?? {})) {
    const secret = /SECRET|PASSWORD|_KEY$|TOKEN$|^DATABASE_URL$/.test(variable);
    if (secret && !/\$\{\w+:[?-]/.test(String(value))) problems.push(`${name}: ${variable} holds a secret of its own`);
  }
}

const inline = file.services?.app?.build?.dockerfile_inline ?? '';
const command = `CMD ${JSON.stringify(['node', ...NODE_FLAGS, 'dist/src/main.js'])}`.replaceAll(',', ', ');
for (const line of ['FROM node:26', 'npm ci', 'USER node', command])
  if (!inline.includes(line)) problems.push(`app: its Dockerfile lacks "${line}"`);
for (const [, paths = ''] of inline.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
  for (const path of paths.split(' ')) if (!existsSync(path)) problems.push(`app: its Dockerfile copies ${path}, which there is not`);
}

for (const problem of problems) process.stderr.write(`docker-compose.yml: ${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
