import type { Mail } from '../../integrations/mail/index.js';

/** What a reset's mail says. Nothing in it comes from the request, whose headers anybody can write. */
export function passwordResetMail(to: string, tenant: string, token: string): Mail {
  const name = tenant.replace(/[\r\n]+/g, ' ');
  return {
    to,
    subject: `${name}: パスワードの再設定 / Password reset`,
    text: [
      `${name} のパスワードを再設定するには、次のコードをアプリに入力してください。1 時間、1 回だけ使えます。`,
      `To set a new password for ${name}, enter this code in the app. It is good for one hour, and once.`,
      '',
      token,
      '',
      'お心当たりがない場合は、このメールを破棄してください。パスワードは変わりません。',
      'If you did not ask for this, ignore this mail: your password stays as it is.',
      '',
    ].join('\n'),
  };
}
