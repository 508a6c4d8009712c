export { AudioCutter, type AudioPart } from './ffmpeg.js';
