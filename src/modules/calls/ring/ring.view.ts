import { ApiProperty } from '@nestjs/swagger';
import { CALL_STATUSES, type CallStatus } from '../log/call.entity.js';
import { MEDIA, type Media } from './media.js';

/** One of the two in a call. */
export class CallPersonView {
  /**
   * The user's id
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The username; absent once the account is gone
   * @example 'tanaka'
   */
  username?: string;
}

/** A server that helps two browsers to reach each other, as `RTCPeerConnection` takes it. */
export class IceServerView {
  /**
   * Its addresses
   * @example ['turn:turn.example.com:3478?transport=udp']
   */
  urls: string[];

  /**
   * The name to give it, which ends with its time; absent where none is needed
   * @example '1763640000:019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  username?: string;

  /**
   * The password to that name
   * @example 'mUgHgVlTz0sJ0sGxE2mVxg1Jz0s='
   */
  credential?: string;
}

/** A call between two users, as one of the two sees it. */
export class UserCallView {
  /**
   * Its id
   * @example '019ac1f0-9d30-7e5c-9f70-23456789abcd'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** Who calls */
  @ApiProperty({ type: () => CallPersonView })
  caller: CallPersonView;

  /** Who is called */
  @ApiProperty({ type: () => CallPersonView })
  callee: CallPersonView;

  /**
   * Where it stands: `ringing`, then `in_progress` and `completed`, or `declined`, or `missed`, which is also what the caller ends before it is
   * answered
   */
  @ApiProperty({ enum: CALL_STATUSES, enumName: 'CallStatus', example: 'ringing' })
  status: CallStatus;

  /** What it carries */
  @ApiProperty({ enum: MEDIA, enumName: 'CallMedia', example: 'video' })
  media: Media;

  /** For the reader's own `RTCPeerConnection`: names and passwords are theirs, and hold for six hours; empty once the call is over */
  @ApiProperty({ type: () => [IceServerView] })
  ice_servers: IceServerView[];
}

/** What the other side's browser has to tell. */
export class CallSignalEvent {
  /**
   * The call
   * @example '019ac1f0-9d30-7e5c-9f70-23456789abcd'
   */
  @ApiProperty({ format: 'uuid' })
  call_id: string;

  /** The other of the two */
  @ApiProperty({ type: () => CallPersonView })
  from: CallPersonView;

  /** As it was sent */
  @ApiProperty({ example: { description: { type: 'offer', sdp: 'v=0…' } } })
  data: unknown;
}
