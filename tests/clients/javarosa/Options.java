import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

final class Options {
    static final String USAGE = ""
        + "usage: FillForm FORM.xml ANSWERS.json|- OUT.xml|- [options]\n"
        + "  --media DIR            media files of the form (default: the form's folder)\n"
        + "  --entity-lists DIR     the device's entity lists, one LIST.csv each; updated afterwards\n"
        + "  --seed N               seed of the random answers (default 1)\n"
        + "  --repeats N            instances of each repeat the person may add (default 2)\n"
        + "  --optional P           chance that an optional question is answered, 0..1 (default 1)\n"
        + "  --only-answers         answer nothing at random\n"
        + "  --ascii                plain ASCII in random texts\n"
        + "  --language NAME        language to show the form in\n"
        + "  --property NAME=VALUE  deviceid, username, phonenumber or email (repeatable)\n"
        + "  --last-saved FILE      the previously saved submission of this form\n"
        + "  --edit FILE            edit this submission instead of starting a new one\n"
        + "  --attachments DIR      write the files named by the submission here\n"
        + "  --report FILE          write a JSON report\n"
        + "  --allow-missing-media  go on when a media file is missing\n"
        + "  --ignore-unused        do not fail on answers no question asked for\n"
        + "  --max-events N         give up after this many events (default 50000)\n"
        + "  --trace                print every answer\n";

    Path form;
    Path answers;
    Path out;
    Path media;
    Path entityLists;
    Path lastSaved;
    Path edit;
    Path attachments;
    Path report;
    long seed = 1;
    int repeats = 2;
    int maxEvents = 50_000;
    double optional = 1.0;
    boolean onlyAnswers;
    boolean ascii;
    boolean allowMissingMedia;
    boolean ignoreUnused;
    boolean trace;
    String language;
    final Map<String, String> properties = new LinkedHashMap<>();

    static Options parse(String[] args) throws Failure {
        Options options = new Options();
        List<String> files = new ArrayList<>();
        try {
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "-h":
                    case "--help":
                        return null;
                    case "--media": options.media = Paths.get(args[++i]); break;
                    case "--entity-lists": options.entityLists = Paths.get(args[++i]); break;
                    case "--seed": options.seed = Long.parseLong(args[++i]); break;
                    case "--repeats": options.repeats = Integer.parseInt(args[++i]); break;
                    case "--optional": options.optional = Double.parseDouble(args[++i]); break;
                    case "--only-answers": options.onlyAnswers = true; break;
                    case "--ascii": options.ascii = true; break;
                    case "--language": options.language = args[++i]; break;
                    case "--property":
                        String[] pair = args[++i].split("=", 2);
                        options.properties.put(pair[0].toLowerCase(Locale.ENGLISH), pair[1]);
                        break;
                    case "--last-saved": options.lastSaved = Paths.get(args[++i]); break;
                    case "--edit": options.edit = Paths.get(args[++i]); break;
                    case "--attachments": options.attachments = Paths.get(args[++i]); break;
                    case "--report": options.report = Paths.get(args[++i]); break;
                    case "--allow-missing-media": options.allowMissingMedia = true; break;
                    case "--ignore-unused": options.ignoreUnused = true; break;
                    case "--max-events": options.maxEvents = Integer.parseInt(args[++i]); break;
                    case "--trace": options.trace = true; break;
                    default:
                        if (args[i].startsWith("--")) {
                            throw new Failure(FillForm.EXIT_USAGE, "unknown option " + args[i] + "\n" + USAGE);
                        }
                        files.add(args[i]);
                }
            }
        } catch (ArrayIndexOutOfBoundsException | NumberFormatException e) {
            throw new Failure(FillForm.EXIT_USAGE, "bad or missing option value\n" + USAGE);
        }
        if (files.size() != 3) {
            throw new Failure(FillForm.EXIT_USAGE, "three files are needed\n" + USAGE);
        }
        options.form = Paths.get(files.get(0));
        options.answers = "-".equals(files.get(1)) ? null : Paths.get(files.get(1));
        options.out = Paths.get(files.get(2));
        for (Path file : Arrays.asList(options.form, options.answers, options.lastSaved, options.edit)) {
            if (file != null && !Files.isReadable(file)) {
                throw new Failure(FillForm.EXIT_USAGE, "cannot read " + file);
            }
        }
        if (options.media == null) {
            options.media = options.form.toAbsolutePath().getParent();
        }
        return options;
    }

    boolean toStandardOutput() {
        return "-".equals(out.toString());
    }

    Path answersDir() {
        return answers == null ? Paths.get(".") : answers.toAbsolutePath().getParent();
    }
}
