import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

import com.fasterxml.jackson.databind.JsonNode;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.IDataReference;
import org.javarosa.core.model.RangeQuestion;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.SubmissionProfile;
import org.javarosa.core.model.ValidateOutcome;
import org.javarosa.core.model.actions.recordaudio.RecordAudioActions;
import org.javarosa.core.model.actions.setgeopoint.SetGeopointAction;
import org.javarosa.core.model.actions.setgeopoint.SetGeopointActionHandler;
import org.javarosa.core.model.data.AnswerDataFactory;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.FormInstance;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.services.transport.payload.ByteArrayPayload;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.model.xform.XPathReference;
import org.javarosa.xform.parse.ExternalInstanceParser;
import org.javarosa.xform.parse.XFormParser;
import org.javarosa.xform.parse.XFormParserFactory;
import org.javarosa.xform.util.XFormUtils;
import org.javarosa.xpath.XPathTypeMismatchException;
import org.javarosa.xpath.expr.XPathFuncExpr;

/**
 * Fills an ODK XForm the way the Android client does and writes the resulting submission.
 *
 * <p>The form is parsed, run and serialised by JavaRosa, the form engine used by ODK Collect; this
 * program only plays the person holding the phone. Answers come from a JSON file and, where the
 * file is silent, from a seeded random generator that honours types, choices and constraints.
 *
 * <p>See README.md for usage and exit codes.
 */
public final class FillForm {

    static final int EXIT_OK = 0;
    static final int EXIT_USAGE = 2;
    static final int EXIT_NO_PARSE = 3;
    static final int EXIT_RUNTIME = 4;
    static final int EXIT_INVALID = 5;
    static final int EXIT_ANSWERS = 6;


    private final Options options;
    private final Report report;
    private final Answers answers;
    private final Media media;
    private final EntityLists lists;
    private final Values values;
    private final Random random;

    private final Map<String, FormIndex> randomlyAnswered = new LinkedHashMap<>();

    /** What execute() made. */
    private byte[] submission;
    private String finalReport;

    private OpenedForm opened;
    private FormDef form;
    private FormEntryController controller;
    private FormEntryModel model;

    private FillForm(Options options, Answers answers) throws Failure {
        this.options = options;
        this.report = new Report();
        this.answers = answers;
        this.media = new Media(options.media);
        this.lists = new EntityLists(options.entityLists);
        this.random = new Random(options.seed);
        this.values = new Values(random, options.ascii);
    }

    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        int status = run(args);
        System.out.flush();
        System.exit(status);
    }

    private static int run(String[] args) {
        try {
            Options options = Options.parse(args);
            if (options == null) {
                System.out.print(Options.USAGE);
                return EXIT_OK;
            }
            Filled filled = fill(options, new Answers(options.answers, options.ignoreUnused));
            if (options.toStandardOutput()) {
                System.out.write(filled.submission, 0, filled.submission.length);
                System.out.println();
            }
            for (String warning : filled.warnings) {
                System.err.println("FillForm: warning: " + warning);
            }
            return EXIT_OK;
        } catch (Failure e) {
            System.err.println("FillForm: " + e.getMessage());
            if (e.getCause() != null && System.getenv("FILLFORM_STACK") != null) {
                e.getCause().printStackTrace();
            }
            return e.status;
        }
    }

    /** What came of filling a form: the submission as it would be sent, the report, and what to warn of. */
    static final class Filled {
        final byte[] submission;
        final String report;
        final List<String> warnings;

        Filled(byte[] submission, String report, List<String> warnings) {
            this.submission = submission;
            this.report = report;
            this.warnings = warnings;
        }
    }

    /**
     * Fills one form. The engine keeps its settings in static fields; every run sets all of them again that may differ, so
     * that runs in one process, one after the other, give what runs in processes of their own give. Not for several threads.
     */
    static Filled fill(Options options, Answers answers) throws Failure {
        try {
            FillForm filling = new FillForm(options, answers);
            filling.execute();
            return new Filled(filling.submission, filling.finalReport, filling.report.warnings);
        } catch (StackOverflowError e) {
            throw new Failure(EXIT_RUNTIME, "the form is nested or recursive beyond what the engine can evaluate");
        }
    }

    private void execute() throws Failure {
        long started = System.nanoTime();
        setUpEngine();
        parse();
        report.put("parse_ms", (System.nanoTime() - started) / 1_000_000);

        try {
            open();
            long filling = System.nanoTime();
            walk();
            settle();
            finish();
            report.put("fill_ms", (System.nanoTime() - filling) / 1_000_000);
        } catch (Failure e) {
            throw e;
        } catch (RuntimeException e) {
            throw new Failure(EXIT_RUNTIME, "the form failed while being filled: " + explain(e), e);
        }

        answers.checkAllUsed();
        write();
    }

    // --- set-up -----------------------------------------------------------------------------------

    static {
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        PrototypeManager.registerPrototype(Device.InstantGeopoint.class.getName());
        new XFormsModule().registerModule();
    }

    private void setUpEngine() {
        org.javarosa.core.services.PropertyManager.setPropertyManager(new Device.DeviceProperties(options.properties));

        ReferenceManager references = ReferenceManager.instance();
        references.reset();
        references.addReferenceFactory(media);

        XFormParser.registerActionHandler(SetGeopointActionHandler.ELEMENT_NAME, new SetGeopointActionHandler() {
            @Override
            public SetGeopointAction getSetGeopointAction() {
                return new Device.InstantGeopoint(null);
            }
        });
        Device.InstantGeopoint.location = () -> values.geopoint();

        XFormUtils.setExternalInstanceParserFactory(() -> {
            ExternalInstanceParser parser = new ExternalInstanceParser();
            parser.addInstanceProvider(lists);
            return parser;
        });
        XFormUtils.setXFormParserFactory(new XFormParserFactory() {
            @Override
            public XFormParser getXFormParser(java.io.Reader reader) {
                return watch(super.getXFormParser(reader));
            }

            @Override
            public XFormParser getXFormParser(org.kxml2.kdom.Document form) {
                return watch(super.getXFormParser(form));
            }
        });
    }

    private XFormParser watch(XFormParser parser) {
        Entities.EntitiesInForm entities = new Entities.EntitiesInForm();
        parser.addProcessor(entities);
        report.entitiesInForm = entities;
        return parser;
    }

    private void parse() throws Failure {
        try {
            // A client that never saved this form before provides an empty document.
            media.lastSaved = options.lastSaved != null ? options.lastSaved : Media.emptyXml();
            byte[] source = Files.readAllBytes(options.form);
            opened = OpenedForm.of(source);
            form = opened == null ? null : opened.read();
            if (form == null) {
                form = XFormUtils.getFormFromInputStream(new ByteArrayInputStream(source), "jr://file/" + Media.LAST_SAVED);
                checkEntities();
                opened = OpenedForm.keep(source, form, report.entitiesInForm);
            }
            report.entitiesInForm = opened.entities;
        } catch (Entities.UnsupportedEntities e) {
            throw new Failure(EXIT_NO_PARSE, "the form does not parse: " + e.getMessage());
        } catch (Failure e) {
            throw e;
        } catch (Exception e) {
            throw new Failure(EXIT_NO_PARSE, "the form does not parse: " + explain(e), e);
        }
        if (!media.missing.isEmpty()) {
            String list = String.join(", ", media.missing);
            if (!options.allowMissingMedia) {
                throw new Failure(EXIT_RUNTIME, "media files named by the form are missing: " + list
                    + " (give --media, or --allow-missing-media)");
            }
            report.warn("media files missing: " + list);
        }
    }

    private void checkEntities() throws Failure {
        if (report.entitiesInForm.version == null && Entities.EntitiesInForm.anyIn(form.getMainInstance().getRoot())) {
            throw new Failure(EXIT_NO_PARSE,
                "the form does not parse: it has an entity element but the model has no entities-version");
        }
    }

    private void open() throws Failure {
        model = new FormEntryModel(form);
        controller = new FormEntryController(model);
        controller.addFunctionHandler(new ClientFunctions.PullData(media, lists));
        controller.addFunctionHandler(new ClientFunctions.Intersects());
        RecordAudioActions.setRecordAudioListener((target, quality) ->
            form.setValue(new StringData(attachment("m4a")), target, true));

        if (options.edit != null) {
            restore(options.edit);
            form.initialize(false, new InstanceInitializationFactory());
        } else {
            form.initialize(true, new InstanceInitializationFactory());
        }
        if (options.language != null) {
            List<String> known = model.getLanguages() == null ? Collections.emptyList() : Arrays.asList(model.getLanguages());
            if (!known.contains(options.language)) {
                throw new Failure(EXIT_USAGE, "the form has no language '" + options.language + "'; it has " + known);
            }
            controller.setLanguage(options.language);
        }
    }

    private void restore(Path file) throws Failure {
        try {
            TreeElement saved = XFormParser.restoreDataModel(Files.readAllBytes(file), null).getRoot();
            TreeElement template = form.getInstance().getRoot().deepCopy(true);
            if (!saved.getName().equals(template.getName())) {
                throw new Failure(EXIT_USAGE, "the submission to edit has root <" + saved.getName()
                    + "> but the form has <" + template.getName() + ">");
            }
            template.populate(saved, form);
            form.getInstance().setName(null);
            form.getInstance().setRoot(template);
            if (model.getLanguages() != null) {
                form.localeChanged(model.getLanguage(), form.getLocalizer());
            }
        } catch (IOException e) {
            throw new Failure(EXIT_USAGE, "cannot read " + file + ": " + e.getMessage());
        }
    }

    // --- walking through the form ------------------------------------------------------------------

    private void walk() throws Failure {
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        int steps = 0;
        int event;
        while ((event = controller.stepToNextEvent()) != FormEntryController.EVENT_END_OF_FORM) {
            if (++steps > options.maxEvents) {
                throw new Failure(EXIT_RUNTIME, "more than " + options.maxEvents
                    + " events; the form seems endless (raise --max-events if it is not)");
            }
            FormIndex index = model.getFormIndex();
            switch (event) {
                case FormEntryController.EVENT_QUESTION:
                    answer(index);
                    break;
                case FormEntryController.EVENT_PROMPT_NEW_REPEAT:
                    if (index.getElementMultiplicity() < wantedRepeats(index)) {
                        controller.newRepeat();
                        report.count("repeats_added");
                        report.audit("add repeat", path(index));
                    }
                    break;
                case FormEntryController.EVENT_REPEAT:
                    model.getCaptionPrompt().getLongText();
                    if (tooMany(index)) {
                        controller.jumpToIndex(controller.deleteRepeat());
                        FormIndex previous = model.decrementIndex(model.getFormIndex());
                        controller.jumpToIndex(previous);
                        report.count("repeats_removed");
                    }
                    break;
                default:
                    model.getCaptionPrompt().getLongText();
            }
        }
        report.put("events", steps);
    }

    private int wantedRepeats(FormIndex index) throws Failure {
        String repeat = withoutLastPosition(path(index));
        Integer given = answers.repeats(repeat, generic(repeat));
        if (given != null) {
            return given;
        }
        if (options.edit != null || options.onlyAnswers) {
            return 0;
        }
        return options.repeats;
    }

    private boolean tooMany(FormIndex index) throws Failure {
        String repeat = withoutLastPosition(path(index));
        Integer given = answers.repeats(repeat, generic(repeat));
        return given != null && index.getElementMultiplicity() >= given && form.canCreateRepeat(
            form.getChildInstanceRef(index), index);
    }

    private void answer(FormIndex index) throws Failure {
        FormEntryPrompt prompt = model.getQuestionPrompt(index);
        String path = path(index);
        show(prompt, path);
        report.count("questions");
        if (prompt.isReadOnly()) {
            return;
        }
        report.audit("question", path);

        if (answers.has(path, generic(path))) {
            JsonNode given = answers.take(path, generic(path));
            IAnswerData data = given.isNull() ? null : fromJson(prompt, given, path);
            int status = controller.answerQuestion(index, data, true);
            if (status != FormEntryController.ANSWER_OK) {
                throw new Failure(EXIT_INVALID, refusal(prompt, path, status, data));
            }
            note(path, data, "given");
            return;
        }

        if (options.edit != null || prompt.getAnswerValue() != null) {
            return; // what is there already is re-validated in settle()
        }
        if (options.onlyAnswers || (!prompt.isRequired() && random.nextDouble() >= options.optional)) {
            note(path, null, "blank");
            return;
        }
        if (!fillAtRandom(index, prompt, path) && !prompt.isRequired()) {
            report.warn("left blank, no random answer satisfies it: " + path + constraintNote(index));
        }
    }

    /** Tries random answers until the form takes one; false if it takes none. */
    private boolean fillAtRandom(FormIndex index, FormEntryPrompt prompt, String path) {
        for (IAnswerData candidate : new Candidates(prompt)) {
            int status;
            try {
                status = controller.answerQuestion(index, candidate, true);
            } catch (XPathTypeMismatchException e) {
                continue;
            }
            if (status == FormEntryController.ANSWER_OK) {
                note(path, candidate, "random");
                randomlyAnswered.put(path, index);
                return true;
            }
        }
        note(path, null, "blank");
        return false;
    }

    /** Everything a client would put on the screen for this question must at least evaluate. */
    private void show(FormEntryPrompt prompt, String path) throws Failure {
        try {
            prompt.getLongText();
            prompt.getHelpText();
            if (isChoice(prompt)) {
                for (SelectChoice choice : choices(prompt)) {
                    if (choice.getValue() == null || choice.getValue().isEmpty()) {
                        report.warn("choice without a value at " + path);
                    }
                    prompt.getSelectChoiceText(choice);
                }
            }
        } catch (RuntimeException e) {
            throw new Failure(EXIT_RUNTIME, "cannot show " + path + ": " + explain(e), e);
        }
    }

    /** Validates like a client does on "finalize" and answers again where a later answer broke an earlier one. */
    private void settle() throws Failure {
        String last = null;
        for (int round = 0; round < 300; round++) {
            ValidateOutcome outcome = form.validate();
            if (outcome == null) {
                return;
            }
            FormIndex index = outcome.failedPrompt;
            FormEntryPrompt prompt = model.getQuestionPrompt(index);
            String path = path(index);
            last = path + constraintNote(index);
            boolean mine = !prompt.isReadOnly() && !options.onlyAnswers && !answers.has(path, generic(path));
            if (!mine) {
                // Forms stop the person with a required but read-only note; earlier answers have to change then.
                if (!changeOneBehind(path)) {
                    throw new Failure(EXIT_INVALID, refusal(prompt, path, outcome.outcome, prompt.getAnswerValue()));
                }
                continue;
            }
            controller.jumpToIndex(index);
            if (outcome.outcome == FormEntryController.ANSWER_CONSTRAINT_VIOLATED) {
                controller.saveAnswer(index, null, true);
            }
            if (!fillAtRandom(index, prompt, path) && prompt.isRequired() && !changeOneBehind(path)) {
                throw new Failure(EXIT_INVALID, "no random answer found for the required question " + path
                    + constraintNote(index) + ". Give one in the answers file.");
            }
        }
        throw new Failure(EXIT_INVALID, "no state that the form accepts was found in 300 rounds; still refused: "
            + last + ". Give answers for what it depends on.");
    }

    /** Gives another random answer to one of the questions that decide whether this one is shown or valid. */
    private boolean changeOneBehind(String path) throws Failure {
        Set<String> names = opened.binds().namesBehind(generic(path));
        List<String> candidates = new ArrayList<>();
        for (Map.Entry<String, FormIndex> answered : randomlyAnswered.entrySet()) {
            String name = generic(answered.getKey());
            if (names.contains(name.substring(name.lastIndexOf('/') + 1)) && model.isIndexRelevant(answered.getValue())) {
                candidates.add(answered.getKey());
            }
        }
        if (candidates.isEmpty()) {
            return false;
        }
        String chosen = candidates.get(random.nextInt(candidates.size()));
        FormIndex index = randomlyAnswered.get(chosen);
        controller.jumpToIndex(index);
        controller.saveAnswer(index, null, true);
        FormEntryPrompt prompt = model.getQuestionPrompt(index);
        if (prompt.isRequired() || random.nextInt(4) > 0) {
            fillAtRandom(index, prompt, chosen);
        }
        return true;
    }

    private void finish() throws Failure {
        report.audit("end screen", "");
        controller.finalizeFormEntry();
        TreeElement meta = form.getMainInstance().getRoot().getFirstChild("meta");
        if (meta == null) {
            report.warn("the form has no meta block");
            return;
        }
        if (options.edit != null) {
            TreeElement instanceId = meta.getFirstChild("instanceID");
            if (instanceId == null || instanceId.getValue() == null) {
                throw new Failure(EXIT_RUNTIME, "cannot edit: the submission has no instanceID");
            }
            TreeElement deprecated = new TreeElement("deprecatedID");
            meta.addChild(deprecated);
            deprecated.setAnswer(instanceId.getValue());
            instanceId.setAnswer(new StringData("uuid:" + UUID.randomUUID()));
        }
        TreeElement audit = meta.getFirstChild("audit");
        if (audit != null) {
            audit.setAnswer(new StringData("audit.csv"));
            report.auditWanted = true;
        }
    }

    private void write() throws Failure {
        try {
            FormInstance instance = form.getInstance();
            SubmissionProfile profile = form.getSubmissionProfile();
            IDataReference part = profile == null || profile.getRef() == null ? new XPathReference("/") : profile.getRef();
            ByteArrayPayload payload =
                (ByteArrayPayload) new XFormSerializingVisitor().createSerializedPayload(instance, part);
            try (InputStream stream = payload.getPayloadStream()) {
                submission = stream.readAllBytes();
            }
            if (!options.toStandardOutput()) {
                if (options.out.toAbsolutePath().getParent() != null) {
                    Files.createDirectories(options.out.toAbsolutePath().getParent());
                }
                Files.write(options.out, submission);
            }

            if (options.attachments != null) {
                Files.createDirectories(options.attachments);
                // Only the files still named by a relevant node travel with the submission.
                Set<String> named = new HashSet<>();
                collectValues(instance.getRoot(), named, true);
                for (Map.Entry<String, Path> file : report.attachments.entrySet()) {
                    if (named.contains(file.getKey())) {
                        Path target = options.attachments.resolve(file.getKey());
                        if (file.getValue() != null) {
                            Files.copy(file.getValue(), target, StandardCopyOption.REPLACE_EXISTING);
                        } else {
                            Files.write(target, Samples.file(file.getKey()));
                        }
                    }
                }
                if (report.auditWanted) {
                    Files.write(options.attachments.resolve("audit.csv"), report.auditCsv().getBytes(StandardCharsets.UTF_8));
                }
            }

            if (options.entityLists != null && options.edit == null) {
                lists.apply(report.entities(form)).forEach(report::warn);
            }
            finalReport = report.toJson(form, model, profile);
            if (options.report != null) {
                Files.write(options.report, finalReport.getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new Failure(EXIT_RUNTIME, "cannot write: " + e.getMessage());
        } catch (RuntimeException e) {
            throw new Failure(EXIT_RUNTIME, "cannot serialise the submission: " + explain(e), e);
        }
    }

    // --- answers ------------------------------------------------------------------------------------

    private IAnswerData fromJson(FormEntryPrompt prompt, JsonNode given, String path) throws Failure {
        try {
            if (given.isObject() && given.has("file")) {
                Path file = options.answersDir().resolve(given.get("file").asText());
                if (!Files.isRegularFile(file)) {
                    throw new Failure(EXIT_ANSWERS, "no such file for " + path + ": " + file);
                }
                String name = file.getFileName().toString();
                report.attachments.put(name, file);
                return new StringData(name);
            }
            if (given.isArray()) {
                List<Selection> picked = new ArrayList<>();
                for (JsonNode item : given) {
                    picked.add(pick(prompt, item.asText(), path));
                }
                return picked.isEmpty() ? null : new MultipleItemsData(picked);
            }
            String text = given.asText();
            if (text.isEmpty()) {
                return null;
            }
            switch (prompt.getControlType()) {
                case Constants.CONTROL_SELECT_ONE:
                    return new SelectOneData(pick(prompt, text, path));
                case Constants.CONTROL_SELECT_MULTI:
                case Constants.CONTROL_RANK:
                    List<Selection> picked = new ArrayList<>();
                    for (String item : text.trim().split("\\s+")) {
                        picked.add(pick(prompt, item, path));
                    }
                    return new MultipleItemsData(picked);
                case Constants.CONTROL_TRIGGER:
                    return new StringData(text);
                default:
                    IAnswerData data = AnswerDataFactory.template(prompt.getControlType(), prompt.getDataType())
                        .cast(new UncastData(text));
                    if (isUpload(prompt)) {
                        report.attachments.putIfAbsent(text, null);
                    }
                    return data instanceof UncastData ? new StringData(text) : data;
            }
        } catch (IllegalArgumentException e) {
            throw new Failure(EXIT_ANSWERS, "the answer " + given + " does not fit " + path + ": " + explain(e));
        }
    }

    private Selection pick(FormEntryPrompt prompt, String value, String path) throws Failure {
        for (SelectChoice choice : choices(prompt)) {
            if (value.equals(choice.getValue())) {
                return choice.selection();
            }
        }
        List<String> offered = new ArrayList<>();
        for (SelectChoice choice : choices(prompt)) {
            if (offered.size() == 20) {
                offered.add("...");
                break;
            }
            offered.add(choice.getValue());
        }
        throw new Failure(EXIT_ANSWERS, "'" + value + "' is not offered by " + path + "; the choices are " + offered);
    }

    private List<SelectChoice> choices(FormEntryPrompt prompt) {
        XPathFuncExpr search = ClientFunctions.SearchAppearance.in(prompt.getQuestion().getAppearanceAttr());
        if (search != null) {
            return ClientFunctions.SearchAppearance.choices(search, prompt, form, media);
        }
        List<SelectChoice> choices = prompt.getSelectChoices();
        return choices == null ? Collections.emptyList() : choices;
    }

    private static boolean isChoice(FormEntryPrompt prompt) {
        int type = prompt.getControlType();
        return type == Constants.CONTROL_SELECT_ONE || type == Constants.CONTROL_SELECT_MULTI
            || type == Constants.CONTROL_RANK;
    }

    private static boolean isUpload(FormEntryPrompt prompt) {
        switch (prompt.getControlType()) {
            case Constants.CONTROL_UPLOAD:
            case Constants.CONTROL_IMAGE_CHOOSE:
            case Constants.CONTROL_AUDIO_CAPTURE:
            case Constants.CONTROL_VIDEO_CAPTURE:
            case Constants.CONTROL_OSM_CAPTURE:
            case Constants.CONTROL_FILE_CAPTURE:
                return true;
            default:
                return false;
        }
    }

    private String attachment(String extension) {
        String name = (1_600_000_000_000L + (long) (random.nextDouble() * 100_000_000_000L)) + "." + extension;
        report.attachments.put(name, null);
        return name;
    }

    /** Possible answers to one question, ever more desperate ones as the constraint keeps refusing. */
    private final class Candidates implements Iterable<IAnswerData> {
        private static final int TRIES = 400;
        private final FormEntryPrompt prompt;

        Candidates(FormEntryPrompt prompt) {
            this.prompt = prompt;
        }

        @Override
        public java.util.Iterator<IAnswerData> iterator() {
            List<IAnswerData> fixed = new ArrayList<>();
            List<SelectChoice> choices = isChoice(prompt) ? new ArrayList<>(choices(prompt)) : null;
            switch (prompt.getControlType()) {
                case Constants.CONTROL_SELECT_ONE:
                    Collections.shuffle(choices, random);
                    for (SelectChoice choice : choices) {
                        fixed.add(new SelectOneData(choice.selection()));
                        if (fixed.size() == TRIES) {
                            break;
                        }
                    }
                    return fixed.iterator();
                case Constants.CONTROL_SELECT_MULTI:
                    for (int i = 0; i < 100 && !choices.isEmpty(); i++) {
                        Collections.shuffle(choices, random);
                        int size = Math.min(choices.size(), i < 40 ? 1 + random.nextInt(3) : 1 + random.nextInt(choices.size()));
                        fixed.add(items(choices.subList(0, size)));
                    }
                    for (int i = 0; i < Math.min(choices.size(), TRIES); i++) {
                        fixed.add(items(choices.subList(i, i + 1)));
                    }
                    return fixed.iterator();
                case Constants.CONTROL_RANK:
                    for (int i = 0; i < 50 && !choices.isEmpty(); i++) {
                        Collections.shuffle(choices, random);
                        fixed.add(items(choices));
                    }
                    return fixed.iterator();
                case Constants.CONTROL_TRIGGER:
                    fixed.add(new StringData("OK"));
                    return fixed.iterator();
                case Constants.CONTROL_IMAGE_CHOOSE:
                    fixed.add(new StringData(attachment("jpg")));
                    return fixed.iterator();
                case Constants.CONTROL_AUDIO_CAPTURE:
                    fixed.add(new StringData(attachment("wav")));
                    return fixed.iterator();
                case Constants.CONTROL_VIDEO_CAPTURE:
                    fixed.add(new StringData(attachment("mp4")));
                    return fixed.iterator();
                case Constants.CONTROL_OSM_CAPTURE:
                    fixed.add(new StringData(attachment("osm")));
                    return fixed.iterator();
                case Constants.CONTROL_UPLOAD:
                case Constants.CONTROL_FILE_CAPTURE:
                    fixed.add(new StringData(attachment("pdf")));
                    return fixed.iterator();
                default:
                    return typed();
            }
        }

        private java.util.Iterator<IAnswerData> typed() {
            IAnswerData template = AnswerDataFactory.template(prompt.getControlType(), prompt.getDataType());
            String constraint = constraintOf(prompt.getIndex());
            return new java.util.Iterator<IAnswerData>() {
                private int tries = 0;
                private Values.Hints hints = null;

                @Override
                public boolean hasNext() {
                    return tries < TRIES;
                }

                @Override
                public IAnswerData next() {
                    tries++;
                    if (hints == null && constraint != null) {
                        Set<String> known = new LinkedHashSet<>();
                        collectValues(form.getMainInstance().getRoot(), known, false);
                        hints = new Values.Hints(constraint, known, today());
                    }
                    String text;
                    if (prompt.getControlType() == Constants.CONTROL_RANGE && prompt.getQuestion() instanceof RangeQuestion) {
                        text = values.range((RangeQuestion) prompt.getQuestion(), prompt.getDataType());
                    } else {
                        text = values.text(prompt.getDataType(), appearance(prompt), hints);
                    }
                    IAnswerData data = template.cast(new UncastData(text));
                    return data instanceof UncastData ? new StringData(text) : data;
                }
            };
        }

        private IAnswerData items(List<SelectChoice> choices) {
            List<Selection> picked = new ArrayList<>();
            for (SelectChoice choice : choices) {
                picked.add(choice.selection());
            }
            return new MultipleItemsData(picked);
        }
    }

    private static String today() {
        return java.time.LocalDate.now().toString();
    }

    private static String appearance(FormEntryPrompt prompt) {
        String appearance = prompt.getQuestion().getAppearanceAttr();
        return appearance == null ? "" : appearance.toLowerCase(Locale.ENGLISH);
    }

    static void collectValues(TreeElement node, Set<String> into, boolean relevantOnly) {
        if (node.getMult() == TreeReference.INDEX_TEMPLATE || (relevantOnly && !node.isRelevant())) {
            return;
        }
        if (node.getValue() != null) {
            into.add(node.getValue().uncast().getString());
        }
        for (int i = 0; i < node.getNumChildren(); i++) {
            collectValues(node.getChildAt(i), into, relevantOnly);
        }
    }

    // --- naming and messages ------------------------------------------------------------------------

    /** The path of a form index with positions on repeats only: /data/group/rep[2]/question. */
    private String path(FormIndex index) {
        TreeReference reference = index.getReference();
        StringBuilder path = new StringBuilder();
        TreeReference walked = TreeReference.rootRef();
        for (int i = 0; i < reference.size(); i++) {
            String name = reference.getName(i);
            walked = walked.extendRef(name, 0);
            path.append('/').append(name);
            int multiplicity = reference.getMultiplicity(i);
            if (i > 0 && isRepeat(walked)) {
                path.append('[').append(Math.max(multiplicity, 0) + 1).append(']');
            }
        }
        return path.toString();
    }

    private Map<String, Boolean> repeatPaths;

    private boolean isRepeat(TreeReference reference) {
        if (repeatPaths == null) {
            repeatPaths = new HashMap<>();
            markRepeats(form);
        }
        return repeatPaths.containsKey(reference.genericize().toString(false));
    }

    private void markRepeats(org.javarosa.core.model.IFormElement element) {
        if (element instanceof org.javarosa.core.model.GroupDef && ((org.javarosa.core.model.GroupDef) element).getRepeat()) {
            TreeReference reference = (TreeReference) element.getBind().getReference();
            repeatPaths.put(reference.genericize().toString(false), true);
        }
        if (element.getChildren() != null) {
            for (org.javarosa.core.model.IFormElement child : element.getChildren()) {
                markRepeats(child);
            }
        }
    }

    static String generic(String path) {
        return path.replaceAll("\\[\\d+]", "");
    }

    static String withoutLastPosition(String path) {
        return path.replaceAll("\\[\\d+]$", "");
    }

    private String constraintOf(FormIndex index) {
        return opened.constraint(index.getReference().genericize().toString(false));
    }

    private String constraintNote(FormIndex index) {
        String constraint = constraintOf(index);
        return constraint == null ? "" : " (constraint: " + constraint + ")";
    }

    private String refusal(FormEntryPrompt prompt, String path, int status, IAnswerData data) {
        if (status == FormEntryController.ANSWER_REQUIRED_BUT_EMPTY) {
            return "required but empty: " + path;
        }
        String message = null;
        try {
            message = prompt.getConstraintText();
        } catch (RuntimeException e) {
            // the message itself cannot be evaluated; the constraint below says enough
        }
        return "constraint violated at " + path + " by '" + (data == null ? "" : data.uncast().getString()) + "'"
            + constraintNote(prompt.getIndex()) + (message == null ? "" : ": " + message);
    }

    private void note(String path, IAnswerData data, String origin) {
        String value = data == null ? null : data.uncast().getString();
        report.answer(path, value, origin);
        if (options.trace) {
            System.out.println(path + " = " + (value == null ? "(blank)" : value) + "  [" + origin + "]");
        }
    }

    static String explain(Throwable error) {
        Throwable cause = error;
        String message = null;
        while (cause != null) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                message = cause.getMessage().trim();
            }
            if (cause.getCause() == cause) {
                break;
            }
            cause = cause.getCause();
        }
        return message == null ? error.getClass().getSimpleName() : message.replaceAll("\\s*\\n\\s*", " ");
    }
}
