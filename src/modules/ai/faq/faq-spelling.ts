import { normaliseText } from '../../../platform/text/index.js';

/**
 * Common words that people type in kana, by how FAQs write them. Only words that stand for nothing else, also as part of a sentence: きもの
 * is not here, since it is 好きもの too. Longer ones go first, so that one never cuts another.
 */
const KANJI: Readonly<Record<string, string>> = {
  // When and how much
  えいぎょう: '営業',
  じかん: '時間',
  なんじ: '何時',
  ていきゅうび: '定休日',
  ねんまつねんし: '年末年始',
  おしょうがつ: 'お正月',
  どにち: '土日',
  へいじつ: '平日',
  しゅくじつ: '祝日',
  げつようび: '月曜日',
  すいようび: '水曜日',
  もくようび: '木曜日',
  きんようび: '金曜日',
  どようび: '土曜日',
  にちようび: '日曜日',
  あした: '明日',
  りょうきん: '料金',
  ねだん: '値段',
  ひよう: '費用',
  おかね: 'お金',
  わりびき: '割引',
  むりょう: '無料',
  しはらい: '支払い',
  げんきん: '現金',
  りょうしゅうしょ: '領収書',
  へんきん: '返金',
  // Booking and dealing
  よやく: '予約',
  へんこう: '変更',
  とりけし: '取り消し',
  もうしこみ: '申し込み',
  うけつけ: '受付',
  でんわ: '電話',
  れんらく: '連絡',
  かいいん: '会員',
  とうろく: '登録',
  にゅうかい: '入会',
  けいやく: '契約',
  かいやく: '解約',
  たいけん: '体験',
  けんがく: '見学',
  ちゅうもん: '注文',
  はいたつ: '配達',
  はいそう: '配送',
  そうりょう: '送料',
  へんぴん: '返品',
  しょうひん: '商品',
  みつもり: '見積もり',
  しゅうり: '修理',
  ほしょう: '保証',
  しょるい: '書類',
  じゅうしょ: '住所',
  // Places and things
  ちゅうしゃじょう: '駐車場',
  ばしょ: '場所',
  くるま: '車',
  にもつ: '荷物',
  もちもの: '持ち物',
  わすれもの: '忘れ物',
  おとしもの: '落とし物',
  さいふ: '財布',
  へや: '部屋',
  おふろ: 'お風呂',
  しょくじ: '食事',
  りょうり: '料理',
  ごはん: 'ご飯',
  のみもの: '飲み物',
  たべもの: '食べ物',
  おさけ: 'お酒',
  べんとう: '弁当',
  たんじょうび: '誕生日',
  しゃしん: '写真',
  ふとん: '布団',
  ぶとん: '布団',
  もうふ: '毛布',
  しゃけん: '車検',
  そうじ: '掃除',
  いす: '椅子',
  // Who
  こども: '子ども',
  子供: '子ども',
  あかちゃん: '赤ちゃん',
  おとな: '大人',
  だんせい: '男性',
  じょせい: '女性',
  がくせい: '学生',
  せんせい: '先生',
  いぬ: '犬',
  ねこ: '猫',
  しょしんしゃ: '初心者',
  えいご: '英語',
  びょういん: '病院',
  くすり: '薬',
  かぜ: '風邪',
  ほけん: '保険',
  けんさ: '検査',
  しらが: '白髪',
  まえがみ: '前髪',
  // One of many spellings
  ヶ月: 'か月',
  ケ月: 'か月',
  ヵ月: 'か月',
  カ月: 'か月',
  箇月: 'か月',
  下さい: 'ください',
  頂け: 'いただけ',
  頂き: 'いただき',
  出来: 'でき',
  御: 'お',
  様: 'さま',
  わいはい: 'ワイファイ',
};

/** What stands before a word where it is another's part: 入る前に, 置いておく, 何も付けない. */
const NOT_AFTER: Readonly<Record<string, string>> = {
  くるま: 'おつい',
  いす: 'たなわくまらかしあ',
  ひよう: 'てで',
  いぬ: 'てな',
  かぜ: 'な',
  にもつ: 'な',
  御: '防制',
};
/** What stands behind it there: お隣, 検索, そうじゃない, もう二つ. */
const NOT_BEFORE: Readonly<Record<string, string>> = {
  くるま: 'え',
  いす: 'るぎ',
  あした: 'ら',
  おとな: 'り',
  けんさ: 'く',
  そうじ: 'ゃ',
  もうふ: 'たえ',
};

const PATTERN = new RegExp(
  Object.keys(KANJI)
    .sort((a, b) => b.length - a.length)
    .map((kana) => {
      const [after, before] = [NOT_AFTER[kana], NOT_BEFORE[kana]];
      return `${after === undefined ? '' : `(?<![${after}])`}${kana}${before === undefined ? '' : `(?![${before}])`}`;
    })
    .join('|'),
  'gu',
);

/** Text as it is compared with other text: compatibility forms and letter case folded, common words in one spelling. */
export function spelled(text: string): string {
  return normaliseText(text).replace(PATTERN, (kana) => KANJI[kana] ?? kana);
}

/** Katakana as hiragana, so that タバコ and たばこ are one; the long vowel mark stays. */
export function foldKana(text: string): string {
  return text.replace(/[ァ-ヶ]/gu, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
}

/** How people begin, and gain time: it is no part of what they ask. */
export const FILLER =
  /もしもし|すみません|すいません|こんにちは|はじめまして|お世話になっております|あのー?(?=[、,\s])|あー+|えー?っと|えー+(?=[、,\s])|(ちょっと|少々|少し)?お?待(って|ち)(て|い)?(ください|下さい)|聞こえ(ます|てます)か|please|excuse me|hello/gu;

/** How people are polite, and how they ask at all: it tells nothing of what they ask. */
export const COURTESY =
  /(を|について|が|か|って)?(教えて|おしえて|お聞き|聞き|知り)(ください|たい|いただけ|もらえ|ほしい|欲しい)?|お願い(します|致します|いたします|でき|し)?|お?願え|ください(ます|ません)?(でしょう)?か?|(いただけ|いただき|もらえ|もらい|くれ)(ます|ません|ない|る|たい)(でしょう)?か?|(でき|出来)(ます|ません|る|ない)(でしょう)?か?|可能(です|でしょう|でございま)?か?|(大丈夫|平気)(です|でしょう)?か?|(です|ます|でしょう|ました|でした|ません)(か|が|けど|けれど|よ|ね)?|(ん|の)です(か|が|けど)|(なん|ん)だけど|のですが|んですが|ありますか|ございます(でしょう)?か?|存じます|可能でしょうか|could you|can (i|you|we)|do (you|i) (have)?|is there|are there|i('d| would) like|i want/gu;

/** English words that every question has. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  'a an and any are at be been by can could did do does for from get got had has have how i if in is it its me my of on or our so some than that the their them then there they this to us was we were what when where which who will with would you your s t m re'.split(
    ' ',
  ),
);

/** Japanese words that stand in questions about anything. */
export const PALE_WORDS: ReadonlySet<string> = new Set(
  '一緒 場合 時間 方法 利用 使用 発生 少し 対応 同じ 一度 問題 自分 全部 普通 本当 最初 最後 最近 以外 以上 以下 別に 別途 次に 必要 用意 希望 確認 相談 質問 案内 手続き お店 店舗 当店 そちら こちら サービス 場所 関係 内容 状態 程度 便利 心配 多分 絶対 絶対に 実際 今度 今回 前回 友達 友人 家族'.split(
    ' ',
  ),
);
