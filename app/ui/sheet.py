"""What the sheet for an interviewer says, in her language: three steps, and what to keep in mind.

Names of buttons are ODK Collect's own in that language, with the English ones beside them: before the code is scanned
the phone speaks its owner's language, and Collect's translations are not all complete.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its title, and a sentence around the name of a button, if there is one to press."""

    title: str
    before: str
    button: str = ""
    english: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The texts of one language. `direction` is that of its script, as HTML says it."""

    name: str
    direction: str
    title: str
    project: str
    phone: str
    interviewer: str
    code: str
    steps: tuple[Step, Step, Step]
    download: Step
    """What comes first in the last step, where forms are chosen on the phone."""
    keep: tuple[str, str, str]


SHEETS: Final[Mapping[str, Sheet]] = {
    "en": Sheet(
        name="English",
        direction="ltr",
        title="Set up your phone",
        project="Project",
        phone="Phone",
        interviewer="Interviewer",
        code="The code of your phone",
        steps=(
            Step("Install ODK Collect", "Get it from Google Play. It works without a network."),
            Step(
                "Scan the code",
                "Open ODK Collect, choose ",
                "Configure with QR code",
                after=" and point the camera at the code on this sheet.",
            ),
            Step(
                "Begin",
                "Choose ",
                "Start new form",
                after=". Finished interviews are sent by themselves as soon as there is a network.",
            ),
        ),
        download=Step("", "Choose ", "Download form", after=" and tick the forms you need."),
        keep=(
            "The code is the key of your phone. Let nobody else scan it or take a picture of it.",
            "Give this sheet back or destroy it when the phone is set up.",
            "If the phone is lost or taken, tell your coordinator at once.",
        ),
    ),
    "fr": Sheet(
        name="Français",
        direction="ltr",
        title="Préparer votre téléphone",
        project="Projet",
        phone="Téléphone",
        interviewer="Enquêteur ou enquêtrice",
        code="Le code de votre téléphone",
        steps=(
            Step("Installer ODK Collect", "Téléchargez-le depuis Google Play. Il fonctionne sans réseau."),
            Step(
                "Scanner le code",
                "Ouvrez ODK Collect, choisissez ",
                "Configurer par QR code",
                "Configure with QR code",
                " et dirigez l’appareil photo vers le code de cette feuille.",
            ),
            Step(
                "Commencer",
                "Choisissez ",
                "Remplir un formulaire",
                "Start new form",
                ". Les entretiens terminés sont envoyés tout seuls dès qu’il y a du réseau.",
            ),
        ),
        download=Step(
            "",
            "Choisissez ",
            "Télécharger un formulaire vierge",
            "Download form",
            " et cochez les formulaires dont vous avez besoin.",
        ),
        keep=(
            "Le code est la clé de votre téléphone. Ne laissez personne d’autre le scanner ni le photographier.",
            "Rendez ou détruisez cette feuille une fois le téléphone prêt.",
            "Si le téléphone est perdu ou saisi, prévenez aussitôt votre coordinateur.",
        ),
    ),
    "es": Sheet(
        name="Español",
        direction="ltr",
        title="Preparar su teléfono",
        project="Proyecto",
        phone="Teléfono",
        interviewer="Entrevistador o entrevistadora",
        code="El código de su teléfono",
        steps=(
            Step("Instalar ODK Collect", "Descárguelo de Google Play. Funciona sin conexión."),
            Step(
                "Escanear el código",
                "Abra ODK Collect, elija ",
                "Configure mediante código QR",
                "Configure with QR code",
                " y apunte la cámara al código de esta hoja.",
            ),
            Step(
                "Empezar",
                "Elija ",
                "Llenar Nuevo Formulario",
                "Start new form",
                ". Las entrevistas terminadas se envían solas en cuanto hay conexión.",
            ),
        ),
        download=Step(
            "",
            "Elija ",
            "Obtener Formulario en Blanco",
            "Download form",
            " y marque los formularios que necesita.",
        ),
        keep=(
            "El código es la llave de su teléfono. No deje que nadie más lo escanee ni lo fotografíe.",
            "Devuelva o destruya esta hoja cuando el teléfono esté listo.",
            "Si el teléfono se pierde o se lo quitan, avise enseguida a su coordinador.",
        ),
    ),
    "ar": Sheet(
        name="العربية",
        direction="rtl",
        title="إعداد هاتفك",
        project="المشروع",
        phone="الهاتف",
        interviewer="مُجري المقابلة",
        code="رمز هاتفك",
        steps=(
            Step("تثبيت ODK Collect", "نزّل التطبيق من Google Play. وهو يعمل من دون اتصال بالشبكة."),
            Step(
                "مسح الرمز",
                "افتح ODK Collect واختر ",
                "Configure with QR code",
                after=" ثم وجّه الكاميرا نحو الرمز في هذه الورقة.",
            ),
            Step(
                "البدء",
                "اختر ",
                "ملء استمارة فارغة",
                "Start new form",
                ". تُرسَل المقابلات المكتملة تلقائيًا حالما تتوفر الشبكة.",
            ),
        ),
        download=Step(
            "",
            "اختر ",
            "الحصول على استمارة فارغة",
            "Download form",
            " وحدّد الاستمارات التي تحتاج إليها.",
        ),
        keep=(
            "هذا الرمز هو مفتاح هاتفك. لا تدع أحدًا غيرك يمسحه أو يصوّره.",
            "أعد هذه الورقة أو أتلفها بعد إعداد الهاتف.",
            "إذا فُقد الهاتف أو أُخذ منك، فأبلغ المنسّق فورًا.",
        ),
    ),
}
