import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Fills many forms in one process, because starting Java costs more than filling a form.
 *
 * <p>Reads one job a line from standard input and answers with one line on standard output, both JSON:
 *
 * <pre>
 * {"arguments": ["form.xml", "-", "-", "--seed", "7"], "answers": {"age": 41}}
 * {"status": 0, "xml": "&lt;data ...", "report": {...}, "warnings": []}
 * {"status": 5, "message": "constraint violated at ..."}
 * </pre>
 *
 * <p>The arguments are those of FillForm. Answers may stand in the job instead of in a file. A job
 * {"encrypt": ["form.xml", "submission.xml", "attachments", "out"]} does what Encryption does. Ends with its input.
 */
public final class FillForms {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private FillForms() {
    }

    public static void main(String[] args) throws IOException {
        System.setProperty("java.awt.headless", "true");
        PrintStream answers = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
        System.setOut(System.err); // whatever the engine prints must not come between the answers
        BufferedReader jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String job;
        while ((job = jobs.readLine()) != null) {
            answers.print(MAPPER.writeValueAsString(work(job)));
            answers.print('\n');
            answers.flush();
        }
    }

    private static ObjectNode work(String line) {
        ObjectNode answer = MAPPER.createObjectNode();
        try {
            JsonNode job = MAPPER.readTree(line);
            if (job.has("encrypt")) {
                JsonNode paths = job.get("encrypt");
                Encryption.encrypt(path(paths, 0), path(paths, 1), path(paths, 2), path(paths, 3));
                return answer.put("status", FillForm.EXIT_OK);
            }
            List<String> arguments = new ArrayList<>();
            job.path("arguments").forEach(argument -> arguments.add(argument.asText()));
            Options options = Options.parse(arguments.toArray(new String[0]));
            if (options == null) {
                throw new Failure(FillForm.EXIT_USAGE, Options.USAGE);
            }
            Answers given = job.hasNonNull("answers")
                ? new Answers(job.get("answers"), options.ignoreUnused)
                : new Answers(options.answers, options.ignoreUnused);
            FillForm.Filled filled = FillForm.fill(options, given);
            answer.put("status", FillForm.EXIT_OK);
            answer.put("xml", new String(filled.submission, StandardCharsets.UTF_8));
            answer.set("report", MAPPER.readTree(filled.report));
            filled.warnings.forEach(answer.putArray("warnings")::add);
        } catch (Failure e) {
            answer.put("status", e.status);
            answer.put("message", e.getMessage());
        } catch (Exception e) {
            answer.put("status", FillForm.EXIT_RUNTIME);
            answer.put("message", FillForm.explain(e));
        }
        return answer;
    }

    private static Path path(JsonNode paths, int number) {
        return Paths.get(paths.get(number).asText());
    }
}
