/**
 * Meanings that people ask for in many words: on the telephone hardly anybody says 営業時間. Each is a pattern over text in lower case with
 * katakana written as hiragana; what matches it is indexed, and asked for, as one term more. The words are those of any front desk (shops,
 * salons, clinics, hotels, schools), Japanese and English.
 */
const WORDS: Readonly<Record<string, string>> = {
  // When
  hours:
    '営業時間|診療時間|受付時間|利用時間|開館|開店|閉店|閉館|何時(まで|から|に|ごろ)|いつまで(開|やって|空)|(開|空)いて|(開|空)きます|やって(ます|い|る)|opening|business hours|open until|what time',
  start: '何時(から|に(始|開|着|入))|いつから|朝は|開始|始ま|スタート|すたーと|starts?\\b',
  end: '何時まで|いつまで|最終|終了|終わ|しまる|閉ま|期限|有効|締め?切|deadline|until when',
  closed: '定休|休診|休業|休館|お?やすみ|お?休み|休日|祝日|何曜日|年末年始|(月|火|水|木|金|土|日)曜|closed?\\b|holiday',
  night: '夜|深夜|夜中|遅く|夕方|[一-九十]時|24時|late|night',
  morning: '朝|早朝|午前|もーにんぐ|morning',
  today: '今日|本日|当日|これから|今から|いまから|すぐ|today',
  duration:
    'どのくらい(の時間)?|どれくらい(の時間)?|何時間|何分|何日|何年|所要|期間|日数|時間がかか|かかる時間|長(い|く)(です|かか|い?時間)|how long',
  wait: '待ち時間|待(た|ち|つ|って|合)|混(ん|雑|み)|並(ぶ|ん|び)|順番|空いて(い|る)時|wait|crowded|queue',
  // How much
  price:
    'いくら|料金|値段|費用|代金|価格|金額|お金|おかね|有料|何円|(散髪|宿|宿泊|診察|治療|施術|食事|会|月|入会|配送)(代|費|料)|月額|月会費|送料|手数料|price|cost|how much|fee',
  free: '無料|ただ(に|で|です)|むりょう|free of charge|for free',
  discount: '割引|割り引き|割引き|学割|安く|お得|おとく|特典|くーぽん|きゃんぺーん|さーびす券|すたんぷ|ぽいんと|discount|coupon|cheaper',
  member: '会員|めんばー|常連|何回か通|入会|member',
  pay: '支払|払(い|え|う|っ)|精算|会計|決済|きゃっしゅれす|pay(ment|\\b)',
  card: 'くれじっと|くれか|かーど(で|払|を|が|は|使)|電子まねー|きゃっしゅれす|paypay|ぺいぺい|qrこーど|credit|card',
  cash: '現金|げんきん|代引|代金引換|振込|振り込み|cash',
  receipt: '領収|れしーと|明細|請求書|宛名|名義|インボイス|receipt|invoice',
  refund: '返金|払い?戻|差額|refund',
  // Booking
  book: '予約|よやく|申し?込|取りたい|時間を取って|押さえ|枠|book|reserv|appointment',
  walkin:
    '予約(なし|して(い)?な|せず|がな|は必要|しないで)|飛び込み|飛込|ふらっと|ふらりと|立ち寄|(電話|予約)しないで|いきなり|直接行|walk.?in|without (a |an )?(reservation|appointment)',
  cancel: 'きゃんせる|取り?消|取り?やめ|取止|やめ(る|たい|に|ます)|中止|行けなく|泊まれなく|来られなく|cancel',
  change: '変更|変え|ずらし|ずらせ|遅くし|早めて|早くし|別の(日|時間|場所)|日にち|日程|振り?替|移して|新しい家|reschedul|change',
  extend: '延長|ゆっくり|もう少し(いた|居)|extend|late check',
  people: '人数|何人|何名|[0-9一-十]人|[0-9]名|大人[0-9]|ひとり|ふたり|一人|二人|減ら|増え|増や|人増|団体|ぐるーぷ|group|party of',
  assign: '指名|担当|いつもの(人|方|担当)|前(に|と同じ)(切って|やって|担当)|同じ人|選(んで|べ)|すたいりすと|美容師',
  first: '初診|初めて|はじめて|初回|最初|新規|first time|first visit',
  // Getting there, things
  parking:
    '駐車|ちゅうしゃじょう|ぱーきんぐ|車(を|で|は|も|の).{0,6}(停|止|置|入)|停める|停められ|くるまで|車で|まいかー|はいえーす|自家用車|parking|\\bcar\\b',
  access:
    '行き方|いきかた|行(け|く)(ば|の)|どうやって行|道順|場所|どこ(に|で|です|か)|最寄|もより|駅(から|まで|に)|徒歩|あくせす|地図|住所|空港|どこですか|where|how (do|can) (i|we) get|access|location|address',
  shuttle: '送迎|しゃとる|迎え|ばす(は|が|の|を|で)|りむじん|shuttle|pick.?up|\\bbus\\b',
  baggage: '荷物|手荷物|すーつけーす|かばん|鞄|預か|預け|置いて(いけ|おけ|いって)|貴重品|ろっかー|luggage|baggage|locker',
  bring: '持ち物|もちもの|持(参|って(い|き|行|来))|必要な(物|もの|書類)|用意するもの|要るもの|bring',
  lost: '忘れ(物|た|て)|わすれ|落とし物|おとしもの|遺失|置いて(きた|き(て|まし))|なくし|無くし|lost',
  wifi: 'wi-?fi|わいふぁい|無線lan|いんたーねっと|ねっと(に|が|を)つな|internet|回線',
  online: 'おんらいん|びでお(で|通話)|りもーと|すまほで|家にいながら|video|online',
  laundry: '洗濯|洗い|らんどり|乾燥機|laundry|washing',
  amenity: 'あめにてぃ|歯ぶらし|ぱじゃま|ばすたおる|備(え付|品)|置いてあるもの|amenit|toothbrush',
  buy: '買(え|い|う|っ)|購入|販売|売って|取り寄せ|おとりよせ|buy|purchase',
  goods: '商品|用品|もの(は|が|を)買|注文し|item|product',
  order: '注文|頼んだ|おーだー|order',
  ship: '発送|配送|配達|届(く|き|け)|お届け|送り先|宛先|届け先|送(って|る|付)|受け取れ|ship|deliver',
  stock: '在庫|売り切れ|うりきれ|再入荷|入荷|品切れ|入って(く|き)|stock|sold out',
  exchange: '返品|返したい|交換|取り替え|とりかえ|return|exchange',
  broken: '壊れ|こわれ|割れ|故障|不良|破損|欠け|broken|damage|defect',
  gift: 'ぎふと|贈り物|おくりもの|ぷれぜんと|包装|らっぴんぐ|包んで|熨斗|のし|gift|wrap',
  redo: '直して|直し|やり直|気に入らな|思ったのと違|もう(少し|一度).{0,4}(切|染)|お直し|redo',
  document: '書類|証明|診断書|紹介状|手紙|書いて(ほし|もら|くだ|いただ)|発行|certificate|document',
  register: '会員登録|登録|あかうんと|さいんあっぷ|sign up|account|register',
  trial: '見学|体験|お?試し|ためし|中を見|見せて|trial|tour',
  quit: '退会|休会|解約|やめたい|辞め|止めておき|しばらく(通|休)|unsubscrib|quit',
  trainer: 'ぱーそなる|とれーなー|まんつーまん|個人指導|教えてもら(え|い)|指導|personal train',
  facility: 'しゃわー|汗を流|更衣|ろっかー|設備|shower',
  // Who
  child: '子ども|子供|こども|お子|息子|娘|きっず|小学生|幼児|未就学|[0-9一-九]歳の|の子(と|が|も|は)|子連れ|小児|child|kid|son\\b|daughter',
  baby: '赤ちゃん|あかちゃん|乳児|べびー|生後|baby|infant',
  daycare: '託児|預かっ|見ていて|保育士|childcare',
  student: '学生|学割|大学生|高校生|中学生|student',
  age: '何歳|年齢|[0-9]+歳(以上|未満|から)|age limit',
  men: '男性|男|めんず|紳士|\\bmen\\b|\\bmale\\b',
  women: '女性|女の(人|方|子)|れでぃーす|\\bwomen\\b|female',
  pet: 'ぺっと|犬|いぬ(を|が|と)|わんちゃん|猫|ねこ|\\bdogs?\\b|\\bpets?\\b|\\bcats?\\b',
  wheelchair: '車いす|車椅子|くるまいす|ばりあふりー|段差|足の(悪|不自由)|介助|wheelchair|barrier.?free',
  // Hair and beauty
  hair: '髪|かみ(を|の)|へあ|散髪|美容(室|師|院)|さろん|hair|salon',
  cut: 'かっと|切(っ|る|り|ら)|散髪|haircut|trim',
  color: 'からー|染め|染(ま|料)|りたっち|ぶりーち|dye|colou?r',
  gray: '白髪|しらが|白いもの|gr[ae]y hair',
  perm: 'ぱーま|\\bperm\\b',
  straight: '縮毛|すとれーと|まっすぐ|すとぱー|くせ毛|癖毛|straighten',
  dressup: '着付|着せ|振袖|着物|浴衣|へあせっと|せっとし|あっぷに|結婚式|成人式|卒業式|kimono',
  spa: 'へっどすぱ|まっさーじ|ほぐし|頭皮|massage|head spa',
  nail: 'ねいる|爪|\\bnails?\\b',
  lash: 'まつげ|まつえく|あいらっしゅ|eyelash|lash',
  skin: '敏感肌|肌|かぶれ|かゆ|skin',
  allergy: 'あれるぎー|かぶれ|食べられない|抜いた料理|えび|かに(が|を)|卵|小麦|ぱっちてすと|敏感|allerg',
  treatment: 'とりーとめんと|しゃんぷー|へあけあ|shampoo',
  // Health
  doctor: '診察|診療|受診|診て|みてもら|先生|医師|お医者|かかれ|かかる(ため|こと)|病院|くりにっく|医院|doctor|clinic|see a doctor',
  fever: '熱(が|っぽ|は|です)|発熱|風邪|かぜ(っぽ|を|で)|咳|せき(が|を)|のど|fever|cold',
  medicine: '薬|くすり|処方|medicine|prescri',
  vaccine: '予防接種|わくちん|注射|接種|vaccin',
  flu: 'いんふる|influenza|\\bflu\\b',
  checkup: '健康診断|健診|検診|どっく|check.?up',
  result: '結果|検査結果|result',
  blood: '血液|採血|blood',
  fasting: '食事(を|は|し)|朝(ごはん|食)を?抜|ぬいたほう|飲んじゃ|食べちゃ|空腹|絶食|食べて(も|きて)|控え|こーひー',
  insurance: '保険証|保険|まいなんばー|insurance',
  surgery: '手術|おぺ|surgery|operation',
  hospitalise: '入院|泊まりで(治療|検査)|hospitali[sz]',
  refer: '紹介状|大きい病院|大きな病院|別の(先生|病院)|専門(医|の医)|せかんど|referral',
  pollen: '花粉|くしゃみ|鼻水|pollen|hay fever',
  tooth: '歯(を|が|の|科|医|並|石|は)|虫歯|むし歯|歯石|tooth|teeth|dent',
  toothpull: '親知らず|おやしらず|抜歯|抜いて|奥の?歯|wisdom',
  whitening: 'ほわいとにんぐ|白くし|黄ばみ|whiten',
  ortho: '矯正|歯並び|braces',
  cleaning: 'くりーにんぐ|掃除|そうじ|清掃|歯石|clean',
  // Lodging and food
  stay: '宿泊|泊ま|泊り|とまれ|連泊|宿(代|に)|ほてる|旅館|[0-9一二三]泊|stay|hotel|overnight',
  room: '部屋|客室|るーむ|\\brooms?\\b',
  checkin: 'ちぇっくいん|部屋に.{0,5}入|着く|着いた|到着|check.?in',
  checkout: 'ちぇっくあうと|部屋を.{0,4}出|出ればいい|check.?out',
  before: '前に(着|荷)|早く着|early',
  breakfast: '朝食|朝ごはん|朝ご飯|もーにんぐ|ばいきんぐ|びゅっふぇ|breakfast|buffet',
  dinner: '夕食|夕飯|晩(ごはん|ご飯|飯)|でぃなー|夜ごはん|会席|dinner|supper',
  meal: '食事|料理|れすとらん|食べ|ごはん|ご飯|らんち|meal|restaurant|food|\\beat',
  bath: '風呂|ふろ|浴場|温泉|入浴|さうな|bath|hot spring',
  daytrip: '日帰り|泊まらず|宿泊しないで|宿泊せず|だけ(入|使)|day use',
  smoke: '禁煙|喫煙|たばこ|煙草|吸(え|う|い)|smok',
  sleepwith: '添い?寝|同じべっど|一緒に寝|co-?sleep',
  conference: '会議|宴会|研修|ぱーてぃ|貸(切|し切)|会場|せみなー|meeting|banquet',
  password: 'ぱすわーど|暗証|ろぐいん|password|log ?in',
  english: '英語|外国語|中国語|通訳|english|language',
  need: '必要(です|でしょう|は|か)|要り?ます|いりますか|しないと(いけ|だめ)',
  difference: '違い|ちがい|違う|ちがう|どちら|どっち|差は|difference|which',
};

const MEANINGS = Object.entries(WORDS).map(([name, words]) => ({ name, pattern: new RegExp(words, 'gu') }));

/** A meaning that a text has, and where in it: each from and to, in UTF-16 code units. */
export interface Meaning {
  readonly name: string;
  readonly places: ReadonlyArray<readonly [number, number]>;
}

/** The meanings that a text has; `folded` is as {@link foldKana} makes it. */
export function meaningsOf(folded: string): Meaning[] {
  return MEANINGS.flatMap(({ name, pattern }) => {
    const places = [...folded.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length] as const);
    return places.length > 0 ? [{ name, places }] : [];
  });
}

/** Katakana as hiragana, so that タバコ and たばこ are one; the long vowel mark stays. */
export function foldKana(text: string): string {
  return text.replace(/[ァ-ヶ]/gu, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
}

/** How people begin, and gain time: it is no part of what they ask. */
export const FILLER =
  /もしもし|すみません|あのー?(?=[、,\s])|あー+|えー?っと|えー+(?=[、,\s])|(ちょっと|少々|少し)?お?待(って|ち)(て|い)?(ください|下さい)|聞こえ(ます|てます)か|please|excuse me|hello/gu;

/** How people are polite, and how they ask at all: it tells nothing of what they ask. */
export const COURTESY =
  /(を|について|が)?(教えて|おしえて|お聞き|聞き|知り)(ください|下さい|たい|頂け|いただけ|もらえ|ほしい|欲しい)?|お願い(します|致します|いたします|でき)?|お?願え|(ください|下さい)|(いただけ|頂け|もらえ|くれ)(ます|ません|ない)(でしょう)?か?|(でき|出来)(ます|ません|る|ない)(でしょう)?か?|可能(です|でしょう)か?|大丈夫(です|でしょう)?か?|(です|ます|でしょう|ました|でした)(か|が|けど|けれど)?|(ん|の)です(か|が|けど)|んだけど|のですが|んですが|ありますか|ございます(か)?|could you|can i|do you|is there|are there/gu;
