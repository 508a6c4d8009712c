export { clearAudioFolders, inAudioFolder } from './audio-folder.js';
export { AudioCutter, type AudioPart } from './ffmpeg.js';
