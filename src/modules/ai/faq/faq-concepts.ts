/**
 * The meanings that people ask businesses about in many words: hardly anybody says 営業時間 on the telephone. Each is a pattern over text as
 * `spelled` makes it (lower case, katakana as hiragana, common words in kanji); what matches it is indexed, and asked for, as one term more.
 * Whole families of words stand here, never one FAQ's sentence. A change here changes stored terms: see TERMS_VERSION.
 */
export const CONCEPTS = {
  // When
  hours:
    '(営業|診療|受付|利用|開館|開園|開場|窓口|案内)時間|営業(し|中|日)|開店|閉店|開館|閉館|開園|閉園|((何|[0-9一-十])時|いつ|今日|明日|今|まだ|夜|朝|曜|祝日?|正月|お盆).{0,8}(やって|やる|(?<!\\S)やり|開い|開き|空いてい?[まる]|あいて|営業|おーぷん|閉ま|閉め|(?<![てで])しま[りるっ])|開いて(い?ま|い?る|な)|^(まだ)?やって(い?ま|る)|opening|\\bhours?\\b|\\bopen\\b|\\bclose\\b|what time do you',
  start: '(何|[0-9一-十])時(から|に)|いつから|何時.{0,3}(始|開)|開始|始ま|始め?ます|すたーと|\\bstarts?\\b|begin',
  end: '(何|[0-9一-十])時.{0,3}まで|いつまで|最終|終了|終わ|終り|締め?切|らすと|閉ま|期限|有効|deadline|until|\\bends?\\b',
  closed:
    '定休|休診|休業|休館|休園|店休|休みは|お休み|休みの日|休日|祝日|祝祭日|土日|平日|曜|年末|年始|正月|お?盆(休|は|も|の)|(ごーるでんうぃーく|連休|gw)|closed|holiday|weekend|\\b(mon|tues|wednes|thurs|fri|satur|sun)days?\\b',
  night: '夜|深夜|夜中|遅く|夕方|24時間|\\blate\\b|night|evening',
  morning: '朝|早朝|午前|もーにんぐ|morning',
  today: '今日|本日|当日|これから|今から|いまから|(?<!っ)すぐに?(行|診|見|み|使|入|買|でき)|即日|急ぎ|至急|今すぐ|today|right now',
  duration:
    'どの?(く|ぐ)らい(の)?(時間|期間|日|で(でき|終|届|仕))|どれ(く|ぐ)らい(の)?(時間|期間|待|かか)|何時間|何分|何日(後|間|で|か|くら|ぐら)|何(週|か月|ヶ月|カ月|年)|所要|期間|日数|時間.{0,2}かか|長(い|く).{0,2}(です|かか|時間)|how long',
  wait: '待ち時間|待(た|ち|つ|って|合)|混(ん|雑|み|む)|並(ぶ|ん|び)|行列|順番|すぐ(に)?(入|案内|乗|座|診|通)|\\bwait|crowded|queue',
  vacancy: '空き(が|は|状|ま|部|室|枠|あ)|空いて|満(席|室|員|車)|埋ま|残(席|り(わず|ま))|余裕|vacan|availab',
  schedule: 'すけじゅーる|時刻|日程|たいむてーぶる|かれんだー|schedule|timetable',
  weather: '雨|荒天|悪天候|台風|大?雪(の|が|で)|天気|天候|weather|\\brain',

  // How much
  price:
    'いくら|料金|値段|費用|代金|価格|金額|お金|有料|何円|なんえん|予算|(散髪|宿|宿泊|診察|治療|施術|食事|会|月|入会|配送|入場|入館|入園|拝観|利用|受講|授業|参加|ちけっと|てきすと|教材|切手|作業|工)(代|費|料)|月額|月会費|月謝|学費|家賃|送料|運賃|手数料|相場|高い|price|\\bcosts?\\b|how much|\\bfees?\\b|charge',
  monthly: '月(会費|額|謝|払|々)|毎月|ひと月|一か月|1か月|月に|年会費|会費|月割|monthly|per month',
  admission: '入場|入館|入園|拝観|ちけっと|前売|当日券|乗車券|整理券|ticket|admission|entrance',
  free: '無料|(?<!い)ただ(で|に(な|し)|です|か)|むりょう|たださ?び|0円|free',
  discount:
    '割引|割り引|[0-9]割|学割|安く|お得|おとく|特典|くーぽん|きゃんぺーん|優待|せーる|値引|まけて|discount|coupon|cheaper|\\bsale\\b',
  points: 'ぽいんと|すたんぷ(か|を|は)|まいる(が|を|は|た)|会員証|points?\\b|loyalty',
  estimate: '見積|概算|査定|いくらになるか|だいたいの(金|値|費)|estimate|quot(e|ation)',
  joining:
    '入会|入学|入塾|加入|初期費用|登録料|申し?込む?(とき|時|際)|会員(に|へ)な|(最初|始め|はじめ)(に|る|て).{0,6}(かか|お金|費用|払)|\\bjoin|sign.?up fee|enrol',
  member: '会員|めんばー|常連|何回か通|member',
  pay: '支払|払(い|う|え|っ)|精算|会計|決済|きゃっしゅれす|\\bpay',
  card: 'くれじっと|くれか|かーど(で|払|を|が|は|も|って|使|ok|決)|電子まねー|きゃっしゅれす|pay ?pay|ぺいぺい|楽天ぺい|ばーこーど|qr|すいか|suica|pasmo|交通系|たっち決|びざ|visa|\\bjcb\\b|credit|\\bcards?\\b',
  cash: '現金|げんなま|代引|代金引換|着払|振込|振り込|こんびに払|こんびにで払|cash|bank transfer',
  instalment: '分割|ろーん|りぼ(払|る)|後払|ぼーなす払|頭金|instal',
  receipt: '領収|れしーと|明細|請求書|宛名|名義|いんぼいす|適格請求|receipt|invoice',
  refund: '返金|払い?戻|差額|お金.{0,3}(返|戻)|refund|money back',
  money: '両替|お釣り|atm|外貨|exchange money',
  giftcard: '商品券|ぎふと(券|かーど)|ぷりぺいど|回数券|gift card|voucher',

  // Booking
  book: '予約|申し?込|取りたい|取れ|時間を取って|押さえ|枠|応募|(席|部屋).{0,2}取|\\bbook|reserv|appointment',
  walkin:
    '予約(なし|無し|して(い)?な|せず|がな|は必要|は要|しないで|しなくて|が(必要|要)|必要|要(り|る|です)|いり|いる)|飛び?込み|ふらっと|ふらりと|立ち寄|(電話|予約)しない|電話なし|いきなり|突然|直接(行|伺|来)|当日(行|伺|枠)|walk.?in|without (a |an )?(reservation|appointment|booking)',
  cancel:
    'きゃんせる|取り?消|取り?(や|止)め|取止|やめ(る|たい|に|ます|よう)|中止|どたきゃん|(行け|来れ|来られ|泊まれ|出られ|参加でき|都合.{0,4}(付か|つか|悪)|間に合わ)な|(いけ|行け)なく|cancel|call off',
  change:
    '変更|変え(ら|た|て|る)|ずら[しせす]|遅くし|遅らせ|早め(て|た|に)|早くし|別の(日|時間|場所)|他の(日|時間)|日にち|振り?替|移して|移し|延期|先延ば|reschedul|\\bchange|another day|postpone',
  absence: '欠席|休んだ|休む(とき|場合|時)|お休みした(場合|い|分)|振り?替|遅刻|遅れ(る|て|そう|ます)|補講|間に合わ|absen|\\bmiss(ed)? ',
  extend: '延長|ゆっくり(し|い|で)|もう少し(いた|居|い)|長引|extend|late check',
  people:
    '人数|何(人|名)|[0-9一-十]+(人|名)|大人[0-9一-十]|ひとり|ふたり|減ら|増え|増や|人増|大人数|定員|group of|party of|how many people',
  group: '団体|ぐるーぷ|遠足|校外学習|社員旅行|大人数|貸し?切|[2-9][0-9](人|名)|(会社|学校)の.{0,4}(みんな|皆|旅行|行事)|\\bgroups?\\b',
  alone: '一人(で|だけ|でも|様)|1人(で|だけ|でも|様)|ひとり(で|だけ)|お一人|おひとり|単身|女性.{0,3}(一人|1人)|alone|by myself|solo',
  assign:
    '指名|担当|いつもの(人|方|担当|先生)|前(に|と同じ)(切って|やって|担当)|同じ(人|先生|方)|(人|方|先生|担当).{0,3}(選|決め|変え)|すたいりすと|same (person|stylist)',
  first: '初診|初めて(の|なん|で|行|来|利|の方)|はじめて|初回|新規|first time|first visit',
  web: 'うぇぶ(から|で|予約|さいと)|ねっと(から|で|予約)|ほーむぺーじ|さいと(から|で)|あぷり|(?<!ん)らいんで|line(で|予約|から)|\\bapp\\b|website',
  contact:
    '連絡|問い?合わ?せ|電話番号|(電話|めーる|ちゃっと|(?<!ん)らいん|\\bline)(で|から|し|を|は|に)|窓口|相談|ふりーだいやる|つなが(り|ら)|contact|phone number|e-?mail|\\bcall you',

  // Getting there, places and things
  parking:
    '駐車|ぱーきんぐ|駐輪|車(を|で|は|も|の)?.{0,6}(停|止め|とめ|置|入れ|来|行|伺)|停め|(自転車|ばいく)(を|で|は|も|置)|まいかー|はいえーす|自家用車|parking|\\bpark\\b|\\bcar\\b',
  access:
    '行き方|いきかた|(どう|何で)(やって|すれば)?.{0,4}行|道順|道(に迷|がわか|を)|場所|どこ(に(あ|行|い)|です|か|で(す|しょ)|ら)|最寄|もより|駅(から|まで|に|は|の)|徒歩|あくせす|地図|まっぷ|住所|所在地|空港|迷って|近く(の|に|は).{0,4}駅|\\bwhere\\b|how (do|can) (i|we) get|access|location|address|directions|nearest station',
  shuttle: '送迎|しゃとる|迎え|ばす(は|が|の|を|で|に|停)|りむじん|shuttle|pick.?(me |us )?up|\\bbus\\b',
  baggage:
    '荷物|すーつけーす|かばん|鞄|きゃりー|りゅっく|置いて(いけ|おけ|いって)|貴重品|ろっかー|しま(う|っておく|え)(ところ|場所|る)|くろーく|luggage|baggage|locker|\\bbags?\\b',
  keep: '預か|預け|保管|取り?置き|置いておい|とっておい|store|\\bkeep\\b',
  bring:
    '持ち?物|持参|持って(い|行|来|く)|必要な(物|もの|書類|持)|用意(する|すれ)|準備(する|すれ|し)|要る(物|もの)|手ぶら|服装|どんな服|何を着|\\bbring\\b|\\bwear\\b|dress code',
  bringin: '持ち?込|飲食|外の(食|飲)|bring (in|my own)|outside food',
  lost: '忘れ(物|た|て|まし|ちゃ)|落とし(物|た|て|まし)|遺失|置き忘|置いて(きた|き(て|まし))|(無く|なく|失く)し|紛失|見(つから|当たら)な|届いて(い?な|い?ま|る|ない)|\\blost\\b|left (my|behind)|forgot',
  slip: '引換|引き換え|控え|預か?り(票|証)|伝票|番号札|半券|整理券|会員証|診察券|再発行|claim (ticket|check)|\\bstub',
  wifi: 'wi-?fi|わいふぁい|無線lan|いんたーねっと|ねっと(に|が|を|は|って)?(つな|繋|使|環境)|回線|internet',
  power: '電源|こんせんと|充電|ぷらぐ|outlet|charg(e|ing) my|power',
  online:
    'おんらいん|びでお(で|通)|りもーと|ずーむ|zoom|すまほで|在宅|自宅で|(家|うち)(から|で|に(いな|いる))|ぱそこん(から|で)|てれび電話|遠隔|video|online|remote',
  laundry: '洗濯|洗(い|う|え|っ)|らんどり|乾燥機|laundry|\\bwash',
  amenity: 'あめにてぃ|歯ぶらし|ぱじゃま|(ばす)?たおる|どらいやー|備(え付|品)|置いてあるもの|amenit|toothbrush|towel',
  toilet: 'といれ|お?手洗い|化粧室|toilet|restroom|bathroom',
  diaper: 'おむつ|授乳|みるく|離乳食|べびーるーむ|nursing|diaper',
  facility: 'しゃわー|汗を?流|更衣|着替え|ろっかー|設備|施設|shower|changing room|facilit',
  stairs: '階段|えれべーたー|えすかれーたー|段差|何階|elevator|stairs',
  rental: 'れんたる|貸し?出|貸して|貸し(ま|て)|借り|代わりの|代車|\\brent|\\bborrow|\\blend',
  buy: '買(え|い|う|っ|わ)|購入|販売|売って|売り場|取り寄せ|おとりよせ|売店|お?土産|みやげ|\\bbuy\\b|purchase|souvenir|\\bshop\\b',
  goods: '商品|用品|製品|品物|もの(は|が|を)買|ぐっず|\\bitems?\\b|product|goods',
  order: '注文|頼(ん|み|め|も)|おーだー|\\border',
  ship: '発送|配送|配達|宅配|郵送|届(く|き|け)|送り先|送付|宛先|送(って|る|れ)|受け取れ|でりばりー|出前|うーばー|海外発送|ship|deliver|\\bsend\\b',
  postage: '送料|(配送|配達|発送|宅配|郵送).{0,6}(お金|料|費|代|いくら|ただ|無料)|shipping (fee|cost)|postage',
  pickup:
    '集荷|引き?取り?(に|来|サ|は)|取りに(来|き|伺)|回収|出張|訪問|往診|(家|自宅|うち)(まで|に)(来|取|伺)|(来|き)て(もら|くれ|くだ|いただ|ほし)|伺って|pick ?up|collect|come to my',
  stock: '在庫|売り?切れ|入荷|品切|欠品|入って(く|き)|取り扱|置いて(ますか|いますか|る|ありま)|\\bstock|sold out|\\bcarry\\b',
  exchange: '返品|返した|返せ|返却|交換|取り?替え|取り?換え|さいずが?(合わ|違|ちが)|\\breturns?\\b|exchange',
  broken:
    '壊れ|割れ|故障|不良|破損|欠け|動かな|動かなく|調子が(悪|おか)|不具合|初期不|(が|も)かからな|つかな(い|く)|broken|damage|defect|not work',
  repair: '修理|直(して|す|せ|る|り|し)|修繕|めんて|整備|点検|repair|\\bfix\\b|mainten',
  warranty: '保証(は|期|書|が|付|し)|あふたー|補償|warrant|guarantee',
  gift: 'ぎふと|贈り?物|贈(る|り|っ|答)|ぷれぜんと|包装|らっぴんぐ|包んで|熨斗|のし(を|は|紙|が|も|付)|お祝い|お中元|お歳暮|手土産|\\bgift|\\bwrap',
  celebration: '誕生|ばーすでー|記念日|お祝い|さぷらいず|けーき|還暦|\\d周年|結婚記念|ぷろぽーず|birthday|anniversar|celebrat',
  redo: '直して|直し(て|た|は)|やり直|気に入ら|思ったのと違|もう(少し|一度).{0,4}(切|染)|お直し|満足|redo|not (happy|satisfied)',
  document: '書類|証明|診断書|紹介状|手紙|書いて(ほし|もら|くだ|いただ)|(発行|作成)|certificate|document',
  finished:
    '仕上|出来上|でき(あ|上)が|完成|納期|納品|お渡し|いつ(でき|取りに|受け取|もら|出来)|までに.{0,3}(でき|仕上|欲|ほし|間|受け取|届|もら|着)|(when|be) .{0,12}(ready|done|finish)',
  register: '会員登録|登録(し|は|せ|が|を|な)|あかうんと|さいんあっぷ|ろぐいん|まいぺーじ|げすと|sign up|account|register',
  password: 'ぱすわーど|暗証|ろぐいん|password|log ?in',
  trial:
    '見学|体験|お?試し|試(して|す|せ|験的)|中を(見|み)|見せて|とらいある|さんぷる|一度(やって|使って|受けて|見)|trial|\\btour\\b|\\btry\\b|sample',
  quit: '退会|休会|解約|脱退|やめ(たい|る(とき|に|場合))|辞め|止めて(おき|おく)|しばらく(通|休|行)|契約(を|の)?(終|切)|unsubscrib|\\bquit\\b|terminate',
  contract: '契約|更新|縛り|最低.{0,3}(期間|利用)|違約|解約金|自動(継|更)|contract|renew',
  privacy: '個人情報|ぷらいばし|人に(見|知)られ|仕切|かーてん|privacy|private',
  safety: '安全|危な|防犯|事故|けが(を|人)|怪我|補償|消毒|感染|衛生|\\bsafe|hygien|injur',
  complaint: 'くれーむ|苦情|不満|対応が|態度|責任者|店長|complain|manager',
  recruit: '求人|採用|あるばいと|ばいと(を|は|し|の|募)|働(き|け|く)|募集|面接|\\bhiring|\\bjobs?\\b|part.?time',
  need: '必要(です|でしょう|は|か|あ|が|な)|要り?ます|いりますか|しな(いと|きゃ|ければ)(いけ|だめ|なら)?|義務|required|\\bneed to|have to',
  difference:
    '違い(は|が|を|って|に|も)|何が(違|ちが)|どう(違|ちが)|ちがうの|違うの|どちら(を|が|の)|どっち|差は|比べ|difference|\\bwhich\\b',
  howto: '(作り|飼い|使い|育て|やり|し|洗い)方|手順|手入れ|れしぴ|こつ(は|が|を)|how to\\b',
  recommend: 'お?(すす|勧|薦)め|人気|いちばん(い|売)|一番(い|人気|売)|迷って|recommend|popular|\\bbest\\b',
  menu: 'めにゅー|こーす|ぷらん|種類|らいんなっぷ|内容|どんな(もの|の|種|こ)|何が(あり|でき|食)|\\bmenu|\\bcourses?\\b|\\bplans?\\b',
  reenter:
    '再入(場|館|園|店)|(また|もう一度|再び).{0,3}(入|はい)|途中(で|退)|戻(って|れ|り).{0,3}(来|き|入|たい|れ)|出入り|re-?ent|come back in',
  photo: '写真|撮(影|る|り|っ|れ)|動画|かめら|いんすた|sns|三脚|ふらっしゅ|録画|photo|picture|camera|film(ing)?\\b|video',
  event: 'しょー|いべんと|公演|上演|上映|催し|祭|らいぶ|こんさーと|展示|企画展|\\bshows?\\b|event|concert|exhibit',
  smoke: '禁煙|喫煙|たばこ|煙草|(たばこ|煙草).{0,2}吸|吸(え|う|い|っ)(る|ま|て|た)|喫煙所|あいこす|電子たばこ|smok|vap(e|ing)',

  // Who
  child:
    '子ども|子連れ|お子|の子(と|が|も|は|を|なん|ど)|息子|娘|きっず|小学生|幼稚園|園児|幼児|未就学|孫|[0-9一-九]歳(の|児|でも|から|に)|小児|じゅにあ|child|\\bkids?\\b|\\bson\\b|daughter',
  baby: '赤ちゃん|赤ん坊|乳児|乳幼児|べびー|生後|新生児|[0-9]か月の|\\bbab(y|ies)\\b|infant|stroller',
  daycare: '託児|(子|娘|息子|お子様).{0,6}預か|見て(い|て)(もら|ほし|いただ)|見ていて|保育|しったー|childcare|babysit',
  student: '学生|学割|大学|高校|中学生|生徒|student',
  age: '何歳|年齢|[0-9]+歳(以上|未満|から|以下|まで)|いくつから|歳(でも|だと|以上)|(小|中|高校)学?生(だけ|の子|でも|から|は|も|が).{0,4}(入|使|利|参|通|受|でき)|高齢|年配|お年寄り|老人|未成年|\\bage\\b|how old|years old|elderly|senior|minor',
  senior: 'しにあ|高齢|年配|お?年寄り|老人|[6-9][0-9]歳|senior|elderly',
  men: '男性|男(の|が|は|も|ひ|で|一)|めんず|紳士|彼氏|\\bm[ea]n\\b|\\bmale\\b',
  women: '女性|女(の|が|は|も|ひ|で)|れでぃーす|妊婦|妊娠|またにてぃ|\\bwom[ea]n\\b|female|pregnan',
  pregnant: '妊婦|妊娠|またにてぃ|産前|産後|つわり|pregnan',
  pet: 'ぺっと|犬|わんちゃん|わんこ|猫|にゃんこ|うさぎ|はむすたー|小鳥|いんこ|ふぇれっと|小動物|動物|\\bdogs?\\b|\\bpets?\\b|\\bcats?\\b|animal',
  smallanimal:
    'うさぎ|はむすたー|もるもっと|(?<!き)鳥(を|が|は|も|の)|いんこ|おうむ|ふぇれっと|爬虫|とかげ|亀(を|が|も)|はりねずみ|えきぞちっく|小動物|rabbit|hamster|\\bbirds?\\b|reptile',
  grooming: 'とりみんぐ|とりまー|爪切り|ぺっと.{0,4}(かっと|しゃんぷー)|(犬|猫|わんちゃん).{0,4}(かっと|しゃんぷー|毛)|groom',
  neuter: '避妊|去勢|不妊手術|spay|neuter',
  wheelchair:
    '車(いす|椅子)|くるまいす|ばりあふりー|段差|足(の|が|腰).{0,2}(悪|不自由|弱)|歩け|杖|介助|介護|障害|障がい|wheelchair|barrier.?free|disab|accessib',
  language: '英語|外国(語|人|の方)|中国語|韓国語|日本語|通訳|何語|言葉が|ねいてぃぶ|english|language|native|speak|chinese|korean',
  beginner:
    '初心者|未経験|経験(が)?(な|無)|びぎなー|まったく.{0,4}(はじ|初|でき|わか)|(全然|ぜんぜん|まったく|あまり).{0,8}(でき|喋れ|しゃべれ|話せ|わから|弾け|泳げ|踊れ|自信)|苦手|自信が?な|ついて(い|行)け|基礎から|(一|いち)から(教|学|始|や)|れべる|beginner|no experience|level',
  english: '英会話|英語(を|の(れ|授|教|勉))|english (lesson|class|school)',

  // Lessons and sports
  lesson: 'れっすん|授業|講座|講習|くらす(は|に|が|の|を)|教室|稽古|受講|塾|すくーる|習(い|う|え)|lesson|\\bclass(es)?\\b|course|tutor',
  teacher: '講師|先生|教師|いんすとらくたー|こーち|教えてくれる(人|方)|teacher|instructor|coach',
  trainer: 'ぱーそなる|とれーなー|まんつーまん|個(人|別)指導|教えてもら(え|い)|指導|一対一|1対1|personal train|one.on.one',
  material: '教材|てきすと|教科書|道具|用具|楽譜|材料|textbook|material|equipment',
  workout: 'じむ|とれーに|筋とれ|運動|まし(ー)?ん|よが|ふぃっとねす|ぷーる|泳|すたじお|\\bgym\\b|workout|exercise|yoga|swim',

  // Hair and beauty
  hair: '髪|かみ(を|の)|へあ|散髪|美容(室|師|院)|さろん|理容|床屋|\\bhair|salon|barber',
  cut: 'かっと|髪.{0,5}切|切(って|り直)|散髪|前髪|haircut|\\btrim',
  color: 'からー|染(め|ま|料)|りたっち|ぶりーち|根元|dye|colou?r',
  gray: '白髪|白いもの|gr[ae]y hair',
  perm: 'ぱーま|\\bperm\\b',
  straight: '縮毛|すとれーと|まっすぐ|すとぱー|くせ毛|癖毛|straighten',
  dressup: '着付|着せ|振袖|着物|浴衣|袴|へあせっと|せっとし|あっぷに|結婚式|成人式|卒業式|七五三|前撮り|kimono|wedding',
  spa: 'へっどすぱ|まっさーじ|ほぐし|頭皮|もみ(ほぐ|返)|整体|えすて|massage|head spa',
  nail: 'ねいる|爪|\\bnails?\\b',
  lash: 'まつげ|まつえく|あいらっしゅ|eyelash|lash',
  skin: '肌|かぶれ|かゆ|しっしん|湿疹|skin|rash',
  haircare: 'とりーとめんと|しゃんぷー|へあけあ|shampoo',
  allergy:
    'あれるぎー|かぶれ|食べ(られ|れ)(ない|ませ)|(を|は)?抜い(た|て)(料理|もら|くだ|ほし|いただ)|えび|卵|小麦|乳製品|(?<![のぐ])そば(が|は|を|、|・)|ぱっちてすと|敏感|べじたりあん|びーがん|ぐるてん|はらーる|ならない食|苦手な(食|もの)|allerg|vegan|vegetarian|gluten|halal',

  // Health
  doctor:
    '診察|診療|受診|診(て|る|て)|先生|医師|お医者|かかれ|かかる(ため|こと)|病院|くりにっく|医院|外来|doctor|clinic|hospital|see a doctor',
  urgent:
    '急(に|病|患|変|ぎ)|緊急|救急|応急|具合.{0,3}(悪|おか)|ぐったり|けいれん|痙攣|倒れ|吐(い|き|く)|痛(い|く|み|がっ)|苦し|腫れ|出血|血が(出|と)|夜間|時間外|助けて|emergenc|urgent|\\bpain|hurts?\\b|\\bsick\\b',
  fever: '熱(が|っぽ|は|です|も|を)|発熱|風邪|咳|のど(が痛|の痛)|喉|fever|\\bcold\\b',
  medicine: '薬|処方|medicine|prescri',
  vaccine: '予防接種|わくちん|注射|接種|狂犬病|vaccin|\\bshot\\b',
  flu: 'いんふる|influenza|\\bflu\\b',
  checkup: '健康診断|健診|検診|どっく|check.?up',
  result: '結果|result',
  blood: '血液|採血|blood',
  fasting: '食事(を|は|し)|朝(ご飯|食)を?抜|ぬいたほう|飲んじゃ|食べちゃ|空腹|絶食|食べて(も|きて)|控え|こーひー',
  insurance: '保険|まいなんばー|医療証|insurance',
  surgery: '手術|おぺ|surgery|operation',
  hospitalise: '入院|泊まりで(治療|検査)|hospitali[sz]',
  refer: '紹介状|大きい病院|大きな病院|別の(先生|病院)|専門(医|の医)|せかんど|referral',
  pollen: '花粉|くしゃみ|鼻水|pollen|hay fever',
  tooth: '歯(を|が|の|科|医|並|石|は|い)|虫歯|むし歯|tooth|teeth|dent',
  toothpull: '親知らず|おやしらず|抜歯|奥の?歯|(歯|を)抜|wisdom',
  whitening: 'ほわいとにんぐ|(歯.{0,4}|^)白くし|黄ばみ|whiten',
  ortho: '矯正|歯並び|braces',
  tartar: '歯石|歯.{0,5}(掃除|くりーにんぐ|清掃)|tartar|teeth cleaning',
  cleaning: 'くりーにんぐ|掃除|清掃|\\bclean',

  // Lodging and food
  stay: '宿泊|泊ま|泊り|連泊|宿(代|に|は|を)|ほてる|旅館|[0-9一二三]泊|\\bstay|hotel|overnight',
  room: '部屋|客室|るーむ|\\brooms?\\b',
  checkin: 'ちぇっくいん|部屋(に|へ).{0,5}入|着く|着いた|到着|check.?in|arriv',
  checkout: 'ちぇっくあうと|部屋を.{0,4}出|出ればいい|check.?out',
  before: '前に(着|荷|預)|早く着|先に|early',
  breakfast: '朝食|朝ご飯|もーにんぐ|ばいきんぐ|びゅっふぇ|breakfast|buffet',
  lunch: 'らんち|昼食|お昼|昼ご飯|lunch',
  dinner: '夕食|夕飯|晩(ご飯|飯)|でぃなー|夜ご飯|会席|dinner|supper',
  meal: '食事|料理|れすとらん|食べ|ご飯|食堂|かふぇ|\\bmeals?\\b|restaurant|\\bfood|\\beat',
  drink: '飲み(物|たい|に|ほ|放)|どりんく|お?酒|あるこーる|びーる|わいん|日本酒|のんある|ぼとる|drink|alcohol|beer|wine',
  allyoucan: '(飲み|食べ|飲|食)放題|飲みほ|たべほ|食べほ|all.you.can|bottomless',
  takeout: '持ち?帰|ていくあうと|お?弁当|おーどぶる|(家|うち)で食べ|take.?(out|away)|to.?go\\b',
  seat: '座席|(?<![欠出着])席(は|が|を|に|だけ|って|の|です)|てーぶる|かうんたー|座敷|掘りごたつ|てらす|椅子|ちぇあ|\\bseats?\\b|\\btables?\\b',
  privateroom: '個室|半個室|仕切|貸し?切|private room',
  party:
    '宴会|忘年会|新年会|(歓迎|送別|歓送迎|懇親|同窓|謝恩|女子|二次|食事|飲み)会|打ち?上げ|ぱーてぃ|接待|会食|顔合わせ|法事|こんぱ|party|banquet',
  conference: '会議|研修|貸し?切|会場|せみなー|ぱーてぃ|宴会|meeting|seminar|venue',
  bath: '風呂|浴場|温泉|入浴|さうな|湯船|\\bbath\\b|hot spring|sauna',
  daytrip: '日帰り|泊まらず|宿泊(しない|せず)|(風呂|温泉).{0,3}だけ|day use|day trip',
  sleepwith: '添い?寝|同じべっど|一緒に寝|co-?sleep',

  // Cars, clothes, homes
  carwork: '車検|車.{0,4}(点検|整備|修理|故障)|おいる|えんじん|ばってりー|ぱんく|ぶれーき|板金|洗車|inspection|engine|battery',
  tyre: 'たいや|すたっどれす|ほいーる|\\bt[iy]res?\\b',
  towing: 'れっかー|ろーどさーびす|(車|ばいく).{0,10}動かな|えんじん.{0,3}かから|ばってりー.{0,3}(上|あが)|tow(ing|ed)?\\b|roadside',
  sellcar: '買い?取|査定|下取|廃車|売り(たい|ます|に|ませ)|売却|手放|trade.?in|\\bsell\\b',
  dent: 'へこみ|凹|傷|きず(が|を|の|は)|こす(っ|り)|擦(っ|り)|ぶつけ|板金|塗装|dent|scratch',
  inspect: '車検|法定点検|vehicle inspection',
  stain:
    '(?<![楽親悲惜])しみ(抜|が|を|は|に|も)|染み|汚れ|黄ばみ|こぼし|かび(が|を|臭|取)|におい(が|を|の|は|も)|臭い|落ち(ます|る|ない|な)|stain|spill',
  suit: 'すーつ|じゃけっと|ずぼん|すらっくす|ぶれざー|制服|礼服|喪服|\\bsuits?\\b|jacket',
  shirt: 'しゃつ|ぶらうす|shirt|blouse',
  coat: 'こーと|だうん|冬物|衣替え|せーたー|ないろん|\\bcoats?\\b|sweater',
  bedding: '布団|毛布|まくら|枕|しーつ|かーぺっと|じゅうたん|ますとれす|blanket|duvet|futon|bedding',
  shoes: '靴|しゅーず|ぶーつ|shoe|boots',
  size: 'さいず|寸法|大き(い|さ|め|な)|小さ(い|め)|(?<!大)丈(は|が|を)|何(せんち|cm|きろ|kg)|\\bsize|\\blarge\\b',
  moving: '引っ?越し?|転居|新居|新しい(家|住所)|移転|\\bmov(e|ing)\\b',
  address: '(住所|届け先|送り先|配送先).{0,4}(変|違|間違)|別の(場所|住所|ところ)に(送|届)|送り先',
  estate: '物件|内見|内覧|家賃|敷金|礼金|仲介|賃貸|入居|退去|まんしょん|あぱーと|apartment|\\blease',
  waste: 'ごみ|廃棄|処分|粗大|不用品|garbage|trash|disposal',

  // Trades: food and drink
  bread: 'ぱん(は|が|を|屋|の|も)|食ぱん|べーかりー|焼き?たて|さんどいっち|bread|bakery',
  sweets:
    'けーき|菓子|すいーつ|でざーと|ぷりん(?![たとせ])|しゅーくりーむ|ちょこ(れーと|は|を)|和菓子|団子|大福|あいす|cake|dessert|sweets',
  coffee: 'こーひー|珈琲|紅茶|かふぇ|(?<![かひ])らて|豆(は|を|の|が)|coffee|\\btea\\b',
  noodles: 'らーめん|うどん|(?<![のぐ])そば(屋|は|を|、)|ぱすた|麺|替え?玉|大盛|noodle|ramen',
  sushi: '寿司|鮨|すし(は|を|屋)|刺身|お造り|魚|海鮮|sushi|\\bfish',
  grill: '焼き?(肉|鳥|き鳥)|すてーき|しゃぶしゃぶ|鍋|ばーべきゅー|bbq|\\bmeat|steak',
  topping: 'とっぴんぐ|辛(さ|口|い)|甘(さ|口)|量(は|を|が)|かろりー|栄養|原材料|産地|添加物|ingredient|calorie',
  expiry: '賞味|消費期限|日持ち|冷凍|冷蔵|保存(は|方|で|が)|何日(くらい|ぐらい)?もち|expir|shelf life|freez',
  corkage: '持ち込み料|ぼとるきーぷ|きーぷぼとる|corkage',
  coursefee: '席料|ちゃーじ|お通し|さーびす料|cover charge|service charge',
  surcharge: '追加(料|で|の)|別途|割増|深夜料金|えくすとら|surcharge|extra (charge|fee)',
  bridal: '結婚|披露宴|挙式|ぶらいだる|二次会|花嫁|ちゃぺる|wedding|bridal',

  // Trades: health, care and beauty
  bonesetter: '整体|接骨|鍼|はり(灸|治)|お灸|肩こり|腰痛|ぎっくり|骨盤|むち打ち|かいろ(ぷら)?|acupunct|chiropract|stiff|back pain',
  eyes: '眼科|視力|老眼|近視|こんたくと|眼鏡|めがね|(?<![0-9一-十番回度人駄])目(が|の|に)(か|痛|見|検|充)|れーしっく|glasses|contact lens|\\beyes?\\b',
  hairremoval: '脱毛|むだ毛|ひげ(脱|を|が)|vio|hair removal|laser',
  facial: 'えすて|ふぇいしゃる|にきび|しわ|たるみ|ひふ|皮膚|ぼとっくす|二重|facial|acne|botox',
  orthopedic: '骨折|捻挫|りはびり|関節|膝|整形|rehab|orthop',
  maternity: '出産|分娩|産婦|産院|里帰り|妊婦健|不妊治療|母子|childbirth|obstet',
  mental: 'うつ(病|っぽ)|眠れな|不眠|心療|精神科|かうんせり|すとれす|depress|insomni|counsel',
  xray: 'れんとげん|\\bct\\b|mri|内視鏡|胃かめら|えこー検|大腸|x-?ray|endoscop',
  pharmacy: '薬局|処方(箋|せん)|じぇねりっく|お薬手帳|市販薬|pharmac|generic',
  care: '介護|でいさーびす|へるぱー|老人ほーむ|要介護|要支援|けあまね|訪問看護|しょーとすてい|nursing home|caregiver',
  nursery: '保育園|幼稚園|こども園|慣らし|入園|延長保育|一時保育|病児|待機児童|nursery|kindergarten|preschool',

  // Trades: learning and leisure
  cram: '塾|受験|偏差値|模試|定期てすと|夏期講習|冬期講習|自習|志望校|個別指導|cram school|entrance exam',
  music: 'ぴあの|ぎたー|ばいおりん|声楽|ぼいとれ|楽器|発表会|演奏|piano|guitar|violin|recital',
  dance: 'だんす|ばれえ|ひっぷほっぷ|ふらめんこ|dance|ballet',
  sports: 'てにす|ごるふ|さっかー|野球|卓球|ばすけ|ぼるだりんぐ|くらいみんぐ|武道|空手|柔道|剣道|tennis|golf|soccer|climbing|karate',
  outdoor:
    'きゃんぷ|てんと|登山|(?<!お)釣り|かやっく|すき(ー|場)|すのぼ|りふと(券|は)|かぬー|だいびんぐ|camp(ing|site)|fishing|\\bski|kayak|diving',
  rides: '乗り物|あとらくしょん|ゆうえんち|遊園地|じぇっとこーすたー|身長|観覧車|\\brides?\\b|attraction',
  cinema: '映画|上映|字幕|吹き?替え|3d|imax|ぽっぷこーん|movie|cinema|film\\b',
  museum: '美術館|博物館|展覧会|常設|特別展|企画展|音声がいど|がいどつあー|museum|gallery|audio guide',
  guide: 'がいど|案内(人|して|付)|つあー|観光|見どころ|名所|guide|sightsee',
  rentacar: 'れんたかー|乗り捨て|がそりん|満たん|ちゃいるどしーと|かーしぇあ|rental car|gasoline|child seat',
  bicycle: '自転車|さいくる|電動あしすと|ろーどばいく|防犯登録|bicycle|\\bbike',
  taxi: 'たくしー|はいやー|配車|代行(運|は|を)|taxi|\\bcab\\b',
  travel: '旅行|旅(館|行)|航空券|飛行機|ぱすぽーと|びざ(は|の|が)|ぱっけーじつあー|travel|flight|passport',
  trains: '電車|新幹線|地下鉄|鉄道|終電|始発|切符|特急|\\btrains?\\b|subway',

  // Trades: homes, things and services
  lease: '敷金|礼金|仲介手数料|保証人|連帯保証|更新料|賃貸契約|deposit|guarantor',
  roomview: '内見|内覧|おーぷんはうす|もでるるーむ|間取り|築年|view(ing)? (the|an?) (room|flat|apartment)',
  renovation: 'りふぉーむ|改築|増築|外壁|屋根|雨漏り|壁紙|くろす(の|を|張)|畳|襖|床(を|の|が)|renovat|roof|wallpaper',
  plumbing: '水漏れ|詰ま(り|っ)|蛇口|排水|給湯|配管|水が(出|止)|plumb|leak|clog|faucet',
  electric: '電気(工|が|の|代)|ぶれーかー|停電|漏電|照明|電球|えあこん|冷房|暖房|electric|power cut|air.?con',
  utility: '水道|(?<!さ)がす(が|の|は|代|屋)|電力|検針|開栓|utility|gas bill|water bill',
  keyshop: '鍵|合い?鍵|おーとろっく|締め出|すぺあきー|locked out|spare key|\\bkeys?\\b',
  pests: '害虫|ごきぶり|しろあり|ねずみ|蜂|駆除|pest|termite|exterminat',
  housework: '家事|はうすくりーにんぐ|水回り|換気扇|えあこん(掃除|くり)|housekeep',
  mover: '引っ?越し.{0,6}(見積|料|費|業|頼|お願)|段ぼーる|梱包|とらっくるーむ|moving company|cardboard',
  removal: '不用品|粗大ごみ|遺品|りさいくる|買い?取|中古|査定|second.?hand|recycl',
  device: 'すまほ|携帯|機種変|あいふぉん|iphone|android|画面(が|割)|sim|たぶれっと|phone screen|smartphone',
  computer: 'ぱそこん|\\bpc\\b|ぷりんた|うぃるす|でーた(復|が消|移)|computer|printer|laptop',
  appliance: '家電|冷蔵庫|洗濯機|てれび|電子れんじ|掃除機|appliance|fridge|\\btv\\b',
  jewel: '指輪|(結婚|婚約|ぺあ|の)りんぐ|ねっくれす|時計|電池交換|宝石|刻印|jewel|\\brings?\\b|watch battery',
  clothes: '服(を|は|が|の|も)|洋服|わんぴーす|ずぼん|裾|丈(直|上|つ)|試着|こーで|cloth(es|ing)|hem|fitting',
  tailoring: '裾(上|直)|丈(直|上|つ)|お直し|寸法直|りめいく|補正|alteration|tailor',
  books: '本(を|は|が|の|も)(借|返|探|予|取|貸|延)|図書|雑誌|書籍|漫画|\\bbooks?\\b|library',
  garden: '(?<![家校])庭|植木|剪定|草刈|芝生|伐採|garden|lawn',
  printing: '印刷|ぷりんと|名刺|ちらし|こぴー(は|を|機)|すきゃん|製本|\\bprint|photocop|business card',
  storage: 'とらんくるーむ|貸し?倉庫|収納|storage unit',
  workspace: 'こわーきんぐ|わーくすぺーす|自習室|貸し?会議|どろっぷいん|電話ぶーす|cowork|workspace',
  legal: '弁護士|相続|遺言|離婚|登記|司法書士|行政書士|裁判|示談|lawyer|inherit|legal|divorce',
  taxes: '税(込|抜|別|率)|消費税|tax.?(included|free)',
  tax: '税(金|理|務)|確定申告|年末調整|控除|帳簿|決算|\\btax',
  finance:
    '口座|預金|融資|金利|投資|株(価|を|の|式(?!会社))|為替|(米|円と)どる|積立|nisa|年金|bank account|interest rate|stock price|mortgage',
  coverage: '保険(金|料|会社)|補償|請求手続|証券|掛け金|満期|premium|coverage|\\bclaim',
  office:
    '役所|役場|住民票|戸籍|印鑑証明|転入|転出|選挙|投票|運転免許|免許(の|を|証)|ぱすぽーと|city hall|driv(er|ing).?s? licen|\\bvisa (ext|app|ren)|residence card',
  funeral: '葬(儀|式)|通夜|告別式|火葬|香典|永代|納骨|法(要|事)|お墓|戒名|お布施|供養|funeral|grave|memorial service',
  shrine: '祈祷|お宮参り|厄(払|除|年)|お守り|御朱印|初詣|参拝|地鎮祭|shrine|temple|prayer',
  farm: '収穫|いちご(狩|が|は)|ぶどう|みかん|りんご|農園|直売|もぎ取り|harvest|strawberr|farm',
  donation: '寄付|ふるさと納税|募金|ぼらんてぃあ|donat|volunteer',
  business: '法人|卸(売|し|値)|業者|取引|提携|仕入|見本|まとめ買い|大量(に|注)|代理店|ろっと|wholesale|corporate|bulk|\\bb2b\\b',
  salescall: '勧誘|営業の?(電話|者|ご案内)|ご提案|担当者さま|広告(の|を|に)|取材|掲載|sales call|advertis',
  chitchat: '人生|宇宙|占い|冗談|面白い話|おもしろい話|しりとり|誰が(作|好)|あなた(は|の|って)|joke|meaning of life',
  staffperson: '社長|店長|責任者|[一-龠]{1,3}さん(は|を|に)(い|お)|(担当|係)の(方|者)(は|を|に)(い|お)|the manager|the owner',

  // Of anything that is made, sold or done
  custom: '特注|おーだーめいど|作って(もら|くだ|いただ|ほし)|お作り|製作|制作|名入れ|custom|made.to.order|bespoke',
  choose: '選(べ|び|ぶ|択)|指定(でき|し|は)|ご?希望(の|は|を|す)|お任せ|おまかせ|choose|select',
  limit: '(何|いく)(個|回|本|枚|点|着|曲|つ|匹|頭)まで|上限|制限|限度|limit|maximum',
  data: 'でーた|ふぁいる|usb|\\bcd\\b|dvd|pdf|だうんろーど|\\bdata\\b|download',
  shade: '何色|色(は|が|を|違|味|合|々|の種)|からーばりえ|\\bcolou?rs\\b',
  fabric: '素材|生地|綿|れざー|革|しるく|麻|うーる|ないろん|fabric|leather|cotton|silk',
  cosy: '暑(い|く|さ)|寒(い|く|さ)|温度|静か|うるさ|騒|日当たり|眺め|景色|夜景|窓(側|際|から)|\\bview\\b|quiet|noisy',
  entrance: '入り?口|出口|何階|地下|ふろあ|建物|看板|目印|which floor|entrance',
  career: '実績|資格|経験年数|ぷろ(の|が)|創業|何年目|experience|qualified',
  reviews: '口こみ|くちこみ|評判|れびゅー|review|rating',
  mail: 'めーる(が|を|は|も|あど)|sms|しょーとめ|返(信|事)|届かない|迷惑(めーる|ふぉ)|verification',
  confirm: '(予約|注文|申し込み).{0,4}(確認|でき(て|た)|取れて|入って|通って)|確認(めーる|でき|した)|confirm',
  nameon: '名前(を|が|の|は)|氏名|名字|姓(が|を)|旧姓|\\bmy name',
  proxy: '代理|本人(以外|じゃ|で|が)|(家族|妻|夫|母|父|親|主人|友人)(が|でも|の).{0,6}(受け|取り|行|来|代わ|かわ)|代わりに|on behalf',
  identity: '身分証|本人確認|免許証|学生証|まいなんばーかーど|証明(書|でき)|\\bid\\b|identification',
  guardian: '保護者|親(が|の|と|権)|同伴|付き?添|同意書|未成年|guardian|parent|accompan',
  makeup: '化粧|めいく|すっぴん|こすめ|make.?up|cosmetic',
  effect: '効(果|き|く)|副作用|持続|どれ.{0,4}持ち|長持ち|effect|how long does it last',
  often: '何回|頻度|週に|月に何|ぺーす|毎(日|週)|間隔|how often|frequen',
  progress: '進捗|状況|どうなって(い|る|ま)|まだ(で|来|届|連)|追跡|といあわせ番号|status|track',
  rules: '禁止|るーる|まなー|注意(事|点|す)|いけないこと|だめなこと|規(則|約)|\\brules?\\b|policy|allowed',
  support: 'さぽーと|手伝|教えてくれ|使い方|操作|設定|わからない(とき|時|場合)|support|\\bhelp\\b|instruction',
} as const satisfies Readonly<Record<string, string>>;

/** A meaning's name. */
export type ConceptName = keyof typeof CONCEPTS;

/**
 * What else a FAQ tells that has a meaning in its question: opening hours say from when and until when. It is indexed as if it stood in the
 * answer. From the special to the general where who asks in general is served by it too.
 */
export const IMPLIED: Readonly<Partial<Record<ConceptName, readonly ConceptName[]>>> = {
  hours: ['start', 'end', 'night', 'morning', 'closed'],
  closed: ['hours'],
  pay: ['card', 'cash'],
  card: ['pay'],
  cash: ['pay'],
  walkin: ['book'],
  baby: ['child'],
  child: ['baby'],
  daycare: ['child'],
  age: ['child', 'student'],
  pet: ['smallanimal'],
  smallanimal: ['pet'],
  postage: ['ship'],
  order: ['buy'],
  ship: ['finished', 'duration'],
  finished: ['duration', 'today'],
  joining: ['price'],
  admission: ['price'],
  monthly: ['price'],
  discount: ['price'],
  estimate: ['price'],
  absence: ['change', 'cancel'],
  quit: ['cancel'],
  party: ['group', 'menu', 'people'],
  group: ['people'],
  privateroom: ['seat', 'room'],
  celebration: ['gift'],
  lost: ['contact'],
  urgent: ['doctor', 'night'],
  event: ['schedule'],
  schedule: ['start'],
  allyoucan: ['drink', 'menu'],
  takeout: ['meal'],
  bringin: ['meal', 'drink'],
  wheelchair: ['stairs'],
};
