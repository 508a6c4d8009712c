import { PATH_METADATA } from '@nestjs/common/internal';
import type { INestApplication } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';

/** A controller's method that answers a route. */
export interface Handler {
  readonly prototype: object;
  /** The method's name, which is the operationId too. */
  readonly key: string;
  readonly handler: object;
  readonly descriptor: PropertyDescriptor;
}

/** Every method that answers a route, in the order of the modules. */
export function handlersOf(app: INestApplication): Handler[] {
  const scanner = new MetadataScanner();
  const found: Handler[] = [];
  for (const { controllers } of app.get(ModulesContainer).values()) {
    for (const { metatype } of controllers.values()) {
      const prototype = (metatype as { prototype: object } | null)?.prototype;
      if (!prototype) continue;
      for (const key of scanner.getAllMethodNames(prototype)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
        const handler = descriptor?.value as object | undefined;
        if (descriptor && handler && Reflect.hasMetadata(PATH_METADATA, handler)) found.push({ prototype, key, handler, descriptor });
      }
    }
  }
  return found;
}
