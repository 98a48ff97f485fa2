"""How people write the columns and values of a contact list, in Japanese and in English."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from nurture.core.people import Basis, Profession

if TYPE_CHECKING:
    from collections.abc import Mapping


def folded(said: str) -> str:
    """A spelling without what does not matter: width, case, blanks, hyphens, underscores, brackets' content."""
    plain = unicodedata.normalize("NFKC", said).casefold().partition("(")[0]
    return "".join(sign for sign in plain if not sign.isspace() and sign not in "-_・/*※")


def _spelled(table: Mapping[str, str]) -> Mapping[str, str]:
    """From each spelling to the name it stands for; the name spells itself."""
    return {folded(spelling): name for name, said in table.items() for spelling in (name, *said.split())}


COLUMNS: Final = _spelled(
    {
        "email": "mail e-mail emailaddress mailaddress address メール メールアドレス Eメール "
        "電子メール メアド アドレス",
        "name": "fullname contact contactname 氏名 名前 お名前 担当者 担当者名 ご担当者名 ご担当者 漢字氏名",
        "family_name": "lastname surname familyname 姓 氏 苗字 名字",
        "given_name": "firstname givenname 名",
        "kana": "furigana yomi フリガナ カナ 氏名カナ 氏名フリガナ 氏名かな よみ 読み よみがな 読み仮名",
        "organisation": "organization hospital hospitalname company companyname facility account "
        "病院名 病院 施設名 施設 医療機関名 医療機関 組織 組織名 法人名 会社名 会社 勤務先 "
        "所属機関 所属病院 所属先 団体名",
        "organisation_kind": "organizationkind organisationtype organizationtype kind hospitalkind "
        "施設種別 施設区分 病院種別 種別 組織種別 医療機関種別",
        "region": "area prefecture 地域 地方 エリア 都道府県 所在地",
        "department": "dept section 部署 部署名 所属 所属部署 部門 病棟",
        "title": "jobtitle position 役職 役職名 肩書 肩書き 職位",
        "role": "役割 役割区分 ロール 立場 担当区分",
        "specialty": "speciality 診療科 診療科名 診療科目 専門 専門科 専門領域 専門分野 標榜科",
        "profession": "occupation 職種 資格 職業",
        "timezone": "tz zone タイムゾーン 時間帯",
        "language": "lang 言語",
        "rep": "representative owner salesrep 営業担当 営業担当者 自社担当 自社担当者 担当営業 当社担当",
        "topics": "topic concerns concern 関心 関心事 課題 興味 テーマ トピック",
        "basis": "legalbasis 根拠 法的根拠 送信根拠 取得根拠 同意区分 配信根拠",
        "basis_on": "basisdate consentdate consenton 根拠日 根拠日付 同意日 取得日 名刺交換日 名刺取得日",
        "basis_evidence": "evidence basisnote consentevidence 根拠詳細 根拠資料 証拠 証跡 同意内容 "
        "取得経緯 取得経路",
    }
)
"""Column headers, folded, to their names."""

ROLES: Final = _spelled(
    {
        "clinician": "doctor physician dentist 医師 臨床医 歯科医師 ドクター 診療",
        "nursing": "nurse 看護 看護師 看護部 看護管理者 助産師 保健師",
        "executive": "management administration 経営 経営層 経営企画 管理者 事務長 事務部長 幹部 理事",
        "it": "informatics 情報システム 情シス 医療情報 医療情報部 システム システム担当 情報システム部",
        "clinical_engineer": "ce me clinicalengineering 臨床工学 臨床工学技士 臨床工学部 me室 臨床工学室",
        "procurement": "purchasing 調達 用度 用度課 購買 資材 資材課 契約",
        "radiographer": "radiologytechnologist radiologicaltechnologist 診療放射線技師 放射線技師 放射線部",
        "laboratory": "lab medicaltechnologist 検査 臨床検査 臨床検査技師 検査部 検査技師",
        "pharmacy": "pharmacist 薬剤 薬剤師 薬剤部",
    }
)

SPECIALTIES: Final = _spelled(
    {
        "anesthesiology": "麻酔科 anaesthesiology",
        "breast_surgery": "乳腺外科 乳腺科",
        "cardiology": "循環器内科 循環器科 循環器",
        "clinical_engineering": "臨床工学",
        "cv_surgery": "心臓血管外科 心臓外科 血管外科",
        "dermatology": "皮膚科",
        "diabetes": "糖尿病内科 糖尿病 内分泌内科 糖尿病内分泌内科 代謝内科",
        "emergency": "救急科 救急 救急医学 救命救急 救急部",
        "gastroenterology": "消化器内科 消化器科 消化器 内視鏡科",
        "gi_surgery": "消化器外科",
        "hematology": "血液内科 血液",
        "hospital_management": "病院経営 病院管理 経営管理",
        "infection_control": "感染対策 感染管理 感染制御",
        "infectious_disease": "感染症内科 感染症科 感染症",
        "intensive_care": "集中治療科 集中治療 集中治療部 icu",
        "internal_medicine": "内科 総合内科 一般内科",
        "laboratory": "臨床検査科 臨床検査 検査科",
        "medical_informatics": "医療情報 医療情報部 医療情報学",
        "neurology": "神経内科 脳神経内科",
        "neurosurgery": "脳神経外科 脳外科",
        "nursing": "看護",
        "nursing_management": "看護管理",
        "obgyn": "産婦人科 婦人科 産科",
        "oncology": "腫瘍内科 がん がんセンター 臨床腫瘍",
        "ophthalmology": "眼科",
        "orl": "耳鼻咽喉科 耳鼻科 頭頸部外科",
        "orthopaedics": "整形外科 orthopedics",
        "pathology": "病理 病理診断科",
        "pediatrics": "小児科 paediatrics",
        "primary_care": "総合診療科 総合診療 プライマリケア 家庭医療",
        "psychiatry": "精神科 心療内科",
        "radiology": "放射線科 放射線診断科 放射線治療科 画像診断科 放射線",
        "rehabilitation": "リハビリテーション科 リハビリ リハビリテーション リハビリ科",
        "respiratory": "呼吸器内科 呼吸器科 呼吸器",
        "surgery": "外科 一般外科",
        "thoracic_surgery": "呼吸器外科 胸部外科",
        "urology": "泌尿器科",
    }
)

PROFESSIONS: Final = _spelled(
    {
        Profession.DOCTOR: "physician md 医師 ドクター",
        Profession.DENTIST: "歯科医師 歯科医",
        Profession.PROFESSOR: "教授 准教授 講師",
        Profession.NURSE: "看護師 助産師 保健師 准看護師",
        Profession.PHARMACIST: "薬剤師",
        Profession.TECHNOLOGIST: "技師 診療放射線技師 放射線技師 臨床検査技師 検査技師 理学療法士 作業療法士",
        Profession.ENGINEER: "臨床工学技士 技術者 エンジニア システムエンジニア",
        Profession.ADMINISTRATOR: "事務 事務職 事務員 医療事務 administration",
        Profession.OTHER: "その他",
    }
)

KINDS: Final = _spelled(
    {
        "hospital": "病院 一般病院 総合病院",
        "university_hospital": "大学病院 大学附属病院 特定機能病院",
        "clinic": "診療所 クリニック 医院",
        "health_check_center": "健診センター 健診 人間ドック 健診施設",
        "care_facility": "介護施設 老健 介護老人保健施設 特養",
    }
)

REGIONS: Final = _spelled(
    {
        "hokkaido": "北海道",
        "tohoku": "東北 青森県 岩手県 宮城県 秋田県 山形県 福島県",
        "kanto": "関東 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 東京 神奈川県",
        "chubu": "中部 新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県",
        "kinki": "近畿 関西 三重県 滋賀県 京都府 京都 大阪府 大阪 兵庫県 奈良県 和歌山県",
        "chugoku": "中国 鳥取県 島根県 岡山県 広島県 山口県",
        "shikoku": "四国 徳島県 香川県 愛媛県 高知県",
        "kyushu": "九州 沖縄 九州沖縄 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県",
    }
)

BASES: Final = _spelled(
    {
        Basis.CONSENT: "optin 同意 同意あり 承諾 オプトイン",
        Basis.BUSINESS_CARD: "card namecard 名刺 名刺交換 書面",
        Basis.RELATIONSHIP: "customer 取引 取引関係 取引先 既存顧客 継続取引",
        Basis.PUBLISHED: "website 公表 公開 公表アドレス 公開アドレス",
        Basis.NONE: "no なし 無し 無 未取得",
    }
)

EMPTY: Final = frozenset(
    {"", "-", "ー", "－", "―", "—", "–", "‐", "なし", "無し", "n/a", "null", "不明", "未設定"}
)
"""What stands in cells that say nothing (except where "none" is a value)."""
