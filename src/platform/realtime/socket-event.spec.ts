import 'reflect-metadata';
import { UseFilters, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { SocketEvent, socketEventHandlers } from './socket-event.decorator.js';

class Body {}

const OPTIONS = { summary: 'Something' };

describe('the events of a gateway', () => {
  it('are found by their names, and answered by its methods', () => {
    class Gateway {
      @SocketEvent('look', Body, OPTIONS)
      look(): Promise<void> {
        return Promise.resolve();
      }
    }
    expect([...socketEventHandlers(new Gateway()).keys()]).toEqual(['look']);
    expect(socketEventHandlers({}).size).toBe(0);
    expect(socketEventHandlers(Object.create(null) as object).size).toBe(0);
  });

  it.each([
    ['guards', UseGuards()],
    ['pipes', UsePipes()],
    ['interceptors', UseInterceptors()],
    ['filters', UseFilters()],
  ])('have no %s of Nest’s, on the class or on a method: they would not be heard', (_, decorate) => {
    @decorate
    class Whole {
      @SocketEvent('look', Body, OPTIONS)
      look(): Promise<void> {
        return Promise.resolve();
      }
    }
    class One {
      @decorate
      @SocketEvent('look', Body, OPTIONS)
      look(): Promise<void> {
        return Promise.resolve();
      }
    }
    expect(() => socketEventHandlers(new Whole())).toThrow('Whole.look');
    expect(() => socketEventHandlers(new One())).toThrow('One.look');
  });
});
