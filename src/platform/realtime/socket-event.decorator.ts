import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA } from '@nestjs/common/internal';
import { SubscribeMessage } from '@nestjs/websockets';
import { newId } from '../ids/index.js';
import { AppError, toAppError } from '../errors/index.js';
import { validatorOf } from '../http/validation/index.js';
import { Scope } from '../scope/index.js';
import { AckThen, type Ack, type KaiwaSocket } from './socket-types.js';

/** What a client may send, for the AsyncAPI document. */
export interface SocketEventDescription {
  readonly name: string;
  /** The gateway's method. */
  readonly method: string;
  readonly body: Type<object>;
  readonly ack: Type<object> | null;
  readonly summary: string;
}

const DESCRIPTIONS = Symbol('kaiwa:socket-events');
const PASSED_OVER = [GUARDS_METADATA, PIPES_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA];

type Handler<B> = (socket: KaiwaSocket, body: B) => Promise<Record<string, unknown> | AckThen | void>;

/** Told of every failed event, so that the log has what the ack leaves out. */
let reportFailure: (error: AppError, event: string, request_id: string) => void = () => undefined;

/** Sets who is told of failed socket events. */
export function onSocketFailure(report: typeof reportFailure): void {
  reportFailure = report;
}

/**
 * One client event: validated against its class, in the socket's tenant, within the socket's budget, and always answered by
 * an ack in the words of the error table. What every handler needs is here, so that none can forget it.
 */
export function SocketEvent<B extends object>(name: string, body: Type<B>, options: { ack?: Type<object>; summary: string }) {
  return <H extends Handler<B>>(target: object, key: string, descriptor: TypedPropertyDescriptor<H>): void => {
    const method = descriptor.value as H;
    const validator = validatorOf(body);
    const wrapped = async function (this: unknown, socket: KaiwaSocket, payload: unknown): Promise<Ack | AckThen> {
      const request_id = newId();
      try {
        if (!socket.data.budget.take(name)) throw new AppError('RATE_LIMITED');
        const { value: valid, errors } = validator.validate(payload);
        if (errors) throw new AppError('VALIDATION_FAILED', { details: errors });
        const { client_id, address, pass } = socket.data;
        if (pass && !pass.events.includes(name)) throw new AppError('FORBIDDEN');
        const actor = socket.data.asOfNow(socket.data.actor);
        if (!actor) throw new AppError('UNAUTHORIZED');
        socket.data.actor = actor;
        const answer = await Scope.run({ client_id, actor, request_id, address, transaction: null }, () =>
          method.call(this, socket, valid),
        );
        return answer instanceof AckThen ? answer : { ok: true, ...answer };
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.status >= 500) reportFailure(error, name, request_id);
        return { ok: false, code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) };
      }
    };
    descriptor.value = wrapped as unknown as H;
    SubscribeMessage(name)(target, key, descriptor);
    // Nest would let REST's pipe check the payload by the parameter's class first, and answer a wrong one with null.
    Reflect.defineMetadata('design:paramtypes', [Object, Object], target, key);
    const described = (Reflect.getMetadata(DESCRIPTIONS, target.constructor) as SocketEventDescription[] | undefined) ?? [];
    Reflect.defineMetadata(
      DESCRIPTIONS,
      [...described, { name, method: key, body, ack: options.ack ?? null, summary: options.summary }],
      target.constructor,
    );
  };
}

/** One event of a gateway, answered as {@link SocketEvent} does. */
export type SocketEventHandler = (socket: KaiwaSocket, payload: unknown) => Promise<Ack | AckThen>;

/**
 * The events of a gateway, past Nest's guards, pipes, interceptors and filters: what those would be for, {@link SocketEvent} does, and their
 * promises are a third of what a message costs.
 * @throws where something of the kind is declared, which would be passed over
 */
export function socketEventHandlers(gateway: object): Map<string, SocketEventHandler> {
  const described = describeSocketEvents(gateway.constructor);
  const methods = gateway as Record<string, SocketEventHandler>;
  return new Map(
    described.map(({ name, method }) => {
      const handler = methods[method] as SocketEventHandler;
      const declared = PASSED_OVER.find((key) => Reflect.hasMetadata(key, gateway.constructor) || Reflect.hasMetadata(key, handler));
      if (declared)
        throw new Error(`${gateway.constructor.name}.${method}: ${declared} would not be heard; @SocketEvent is where it belongs`);
      return [name, handler.bind(gateway)];
    }),
  );
}

/** The events that a gateway class takes. */
export function describeSocketEvents(gateway: unknown): readonly SocketEventDescription[] {
  return typeof gateway === 'function' ? ((Reflect.getMetadata(DESCRIPTIONS, gateway) as SocketEventDescription[] | undefined) ?? []) : [];
}
