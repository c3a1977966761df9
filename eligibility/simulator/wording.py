"""Words of the control page: by language, and for each fault (ja, en)."""

from __future__ import annotations

from eligibility.simulator.faults import FaultKind
from eligibility.simulator.reader_visits import VisitFault

KINDS: dict[FaultKind, tuple[str, str]] = {
    FaultKind.SLOW: ("遅い応答", "Slow answer"),
    FaultKind.DOWN: ("応答なしで切断", "Closes without an answer"),
    FaultKind.RESET: ("接続をリセット", "Resets the connection"),
    FaultKind.HALF_REPLY: ("応答が途中で切れる", "Half a reply"),
    FaultKind.DUPLICATE_REPLY: ("応答が二重に届く", "The reply comes twice"),
    FaultKind.UNAVAILABLE: ("利用できない（503）", "Unavailable (503)"),
    FaultKind.TOO_MANY: ("混雑（429）", "Too many requests (429)"),
    FaultKind.MALFORMED: ("壊れたJSON", "Broken JSON"),
    FaultKind.BAD_ENCODING: ("文字コード違い（Shift_JIS）", "Wrong encoding (Shift_JIS)"),
    FaultKind.ANOTHER_PATIENT: ("別の人の回答", "Another person's answer"),
    FaultKind.REFUSE: ("照会を拒否（422）", "Refuses (422)"),
    FaultKind.QUEUED: ("処理中の回答", "Outcome queued"),
    FaultKind.PARTIAL: ("一部だけの回答", "Outcome partial"),
    FaultKind.ERROR: ("200で業務エラー", "Outcome error in a 200"),
    FaultKind.CERTIFICATE_EXPIRED: ("サーバ証明書の期限切れ", "Expired server certificate"),
    FaultKind.CERTIFICATE_WRONG: ("信頼できないサーバ証明書", "Untrusted server certificate"),
    FaultKind.CLOCK_SKEW: ("時計のずれ", "Clock is wrong"),
}

VISIT_FAULTS: dict[VisitFault, tuple[str, str]] = {
    VisitFault.NAMES_NOBODY: ("だれかを知らせない（該当資格なし）", "Names nobody (該当資格なし)"),
    VisitFault.TWICE: ("同じ来院が二つの名前で届く", "Told twice, under two names"),
    VisitFault.LATE: ("遅れて届く", "Told late"),
}

VISIT_WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "visit_lead": (
            "来院を知らせるファイルを face に置きます。本人確認の方法はファイルに書かれません。"
        ),
        "person": "だれが",
        "other": "ほかの人（人のID。上より優先）",
        "consents": "閲覧の同意",
        "visit_fault": "送り方",
        "visit_ok": "ふつうに送る",
        "ago": "何秒前の来院か（遅れて届くとき）",
        "send": "来院を送る",
        "sent": "送りました:",
    },
    "en": {
        "visit_lead": (
            "Puts the file that tells of a visit into face. "
            "How the holder was identified is not told by it."
        ),
        "person": "Who",
        "other": "Somebody else (a person’s id; goes before the choice above)",
        "consents": "Consents",
        "visit_fault": "How it is told",
        "visit_ok": "As it should be",
        "ago": "How many seconds ago it was (told late)",
        "send": "Send the visit",
        "sent": "Sent:",
    },
}

WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "title": "支払側シミュレータ",
        "lead": "架空の加入者だけの、試験用の支払側です。",
        "people": "加入者",
        "seed": "シード",
        "fault": "障害を起こす",
        "kind": "障害",
        "seconds": "秒（遅延・時計のずれ）",
        "times": "回数（空欄は解除まで）",
        "path": "対象のパスの末尾（空欄はすべて）",
        "switch": "起こす",
        "clear_fault": "解除する",
        "now": "いまの障害",
        "none": "なし",
        "left": "残り",
        "limit": "毎秒の上限（空欄は無制限）",
        "set": "設定する",
        "forget": "状態を忘れさせる（再起動と同じ）",
        "forgotten": "忘れました。",
        "requests": "照会の記録",
        "total": "件",
        "empty": "まだ照会はありません。",
        "at": "時刻",
        "institution": "医療機関",
        "request": "照会",
        "status": "HTTP",
        "outcome": "結果",
        "duration": "ミリ秒",
        "question": "照会ID",
        "delete": "記録を消す",
        "visit": "顔認証付きカードリーダーでの来院",
        "no_folders": "--drop-folder を付けて起動すると、来院を送れます。",
        "lost": "シミュレータにつながりません。",
        "language": "English",
    },
    "en": {
        "title": "Payer simulator",
        "lead": "A payer for tests. None of its people exist.",
        "people": "People",
        "seed": "Seed",
        "fault": "Cause a fault",
        "kind": "Fault",
        "seconds": "Seconds (delay, clock)",
        "times": "Times (empty: until cleared)",
        "path": "Paths that end so (empty: all)",
        "switch": "Cause it",
        "clear_fault": "Clear it",
        "now": "Fault now",
        "none": "None",
        "left": "left",
        "limit": "Most per second (empty: no limit)",
        "set": "Set",
        "forget": "Lose all state, as a restart does",
        "forgotten": "Forgotten.",
        "requests": "Requests",
        "total": "in all",
        "empty": "No request yet.",
        "at": "Time",
        "institution": "Institution",
        "request": "Request",
        "status": "HTTP",
        "outcome": "Outcome",
        "duration": "ms",
        "question": "Question id",
        "delete": "Clear the list",
        "visit": "A card visit at the national reader",
        "no_folders": "Started with --drop-folder, it sends card visits.",
        "lost": "The simulator does not answer.",
        "language": "日本語",
    },
}
