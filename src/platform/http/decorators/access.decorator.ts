import 'reflect-metadata';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { ApiScope, Role } from '../../scope/index.js';
import { ACCESS, type AccessRule, type PublicTenant } from './access-rule.js';
import { documentErrors } from './error-responses.js';

export interface AccessOptions {
  /** The scope by which an API key may call the route too; none: people alone. */
  scope?: ApiScope;
  /** Another scope that does as well. */
  or_scope?: ApiScope;
}

export interface PublicOptions {
  /** In which tenant it runs; the one that the request names where nothing is said. */
  tenant?: PublicTenant;
}

/** Serves anybody; a credential that is stale, or another tenant's, counts as none. */
export function Public(options: PublicOptions = {}): MethodDecorator & ClassDecorator {
  return access({ kind: 'public', tenant: options.tenant ?? 'request' });
}

/** Serves people whose role covers `role`, and API keys that have `scope` or `or_scope`. The operator may act in any tenant. */
export function Access(role: Role, options: AccessOptions = {}): MethodDecorator & ClassDecorator {
  const { scope, or_scope } = options;
  return access({ kind: 'role', role, ...(scope ? { scope } : {}), ...(or_scope ? { or_scope } : {}) });
}

/** Serves the operator alone. */
export function OperatorOnly(): MethodDecorator & ClassDecorator {
  return access({ kind: 'operator' });
}

/** The rule of a handler, or undefined where it declares none. */
export function accessOf(handler: object): AccessRule | undefined {
  return Reflect.getMetadata(ACCESS, handler) as AccessRule | undefined;
}

/** On a class the rule goes to each method that has none of its own, so that guards and sweeps look at handlers only. */
function access(rule: AccessRule): MethodDecorator & ClassDecorator {
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (key !== undefined && descriptor) return setAccess(rule, target, key, descriptor);
    const prototype = (target as { prototype: object }).prototype;
    for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name === 'constructor' || typeof method.value !== 'function' || accessOf(method.value as object)) continue;
      setAccess(rule, prototype, name, method);
    }
  };
}

function setAccess(rule: AccessRule, target: object, key: string | symbol, descriptor: PropertyDescriptor): void {
  Reflect.defineMetadata(ACCESS, rule, descriptor.value as object);
  for (const name of securityOf(rule)) ApiSecurity(name)(target, key, descriptor);
  ApiExtension('x-access', rule)(target, key, descriptor);
  documentErrors(target, key, descriptor);
}

/** The names of OpenAPI's security schemes; any one of them serves. */
function securityOf(rule: AccessRule): string[] {
  if (rule.kind === 'public') return [];
  if (rule.kind === 'operator') return ['operator'];
  return ['cookie', 'bearer', ...(rule.scope ? ['api_key'] : []), 'operator'];
}
