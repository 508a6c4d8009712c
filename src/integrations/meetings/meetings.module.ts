import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { ChimeMeetingProvider } from './chime-meeting-provider.adapter.js';
import { MeetingProvider } from './meeting-provider.port.js';

/** Meetings that Amazon Chime carries. */
@Global()
@Module({
  providers: [
    {
      provide: MeetingProvider,
      inject: [Config],
      useFactory: ({ env }: Config): MeetingProvider =>
        new ChimeMeetingProvider({
          region: env.CHIME_REGION,
          media_region: env.CHIME_MEDIA_REGION,
          endpoint: env.CHIME_ENDPOINT,
          ...(env.AWS_ACCESS_KEY_ID !== undefined && env.AWS_SECRET_ACCESS_KEY !== undefined
            ? { credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY } }
            : {}),
        }),
    },
  ],
  exports: [MeetingProvider],
})
export class MeetingsModule {}
