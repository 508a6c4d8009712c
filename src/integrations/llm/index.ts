export * from './whisper.js';
