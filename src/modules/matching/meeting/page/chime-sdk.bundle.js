/*! amazon-chime-sdk-js, Copyright Amazon.com, Inc. or its affiliates, Apache License 2.0; with protobufjs (BSD 3-Clause) and pako (MIT and Zlib). */
/*
 * What of Amazon's client library the page needs: the build makes one module of this file and all that it imports. The parts and not the library's
 * `DefaultMeetingSession`, which brings along what nobody here uses: screens that are shared, workers from `blob:`, and events that are sent to Amazon.
 */
import profile from 'amazon-chime-sdk-js/build/audioprofile/AudioProfile.js';
import controller from 'amazon-chime-sdk-js/build/audiovideocontroller/DefaultAudioVideoController.js';
import backoff from 'amazon-chime-sdk-js/build/backoff/FullJitterBackoff.js';
import logger from 'amazon-chime-sdk-js/build/logger/NoOpLogger.js';
import configuration from 'amazon-chime-sdk-js/build/meetingsession/MeetingSessionConfiguration.js';
import status from 'amazon-chime-sdk-js/build/meetingsession/MeetingSessionStatusCode.js';
import reconnect from 'amazon-chime-sdk-js/build/reconnectcontroller/DefaultReconnectController.js';
import socket from 'amazon-chime-sdk-js/build/websocketadapter/DefaultWebSocketAdapter.js';

export const AudioProfile = profile.default;
export const AudioVideoController = controller.default;
export const Backoff = backoff.default;
export const Configuration = configuration.default;
export const Logger = logger.default;
export const ReconnectController = reconnect.default;
export const StatusCode = status.default;
export const WebSocketAdapter = socket.default;
